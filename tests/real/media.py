# SPDX-License-Identifier: MIT
"""Cases that encode and decode pictures: ffmpeg, x264, x265, ImageMagick."""

import os

from programs import digest, read

PICTURES = "-f lavfi -i testsrc2=size=256x144:rate=25:duration=0.6,noise=alls=12:allf=t".split()
SOUND = "-f lavfi -i sine=frequency=440:duration=0.6".split()
EXACT = "-flags +bitexact -fflags +bitexact -map_metadata -1".split()


class Ffmpeg:
    """Encodes with several codecs and four threads, then decodes with four: checksums of every decoded frame."""

    NAME, NEEDS = "ffmpeg", {"ffmpeg": "ffmpeg"}
    WORK = "15 frames with H.264, MPEG-2, VP9, FFV1 and HEVC, AAC sound, scaled on the way; decoded; 4 threads"
    COMPARED = "encoded bytes, checksum of each decoded frame, status"
    CODECS = (
        "libx264 -preset fast",
        "mpeg2video -slices 4",
        "libvpx-vp9 -row-mt 1 -cpu-used 8 -deadline realtime",
        "ffv1 -level 3 -slices 4",
        "libx265 -preset ultrafast -x265-params pools=4:log-level=error",
    )

    def run(self, context):
        results, encoded = [], []
        for number, codec in enumerate(self.CODECS):
            path = context.path(f"{number}.mkv")
            results += [context.run(self.encode(codec, path)), context.run(self.decode(path))]
            encoded.append(digest(read(path)))
        return {
            "status": [r.status for r in results],
            "errors": [r.stderr for r in results],
            "encoded": encoded,
            "frames": [r.stdout for r in results[1::2]],
        }

    @staticmethod
    def encode(codec, path):
        how = "-threads 4 -vf scale=192:108 -pix_fmt yuv420p -c:a aac -c:v".split()
        return ["ffmpeg", "-v", "error", "-nostdin", *PICTURES, *SOUND, *how, *codec.split(), *EXACT, path]

    @staticmethod
    def decode(path):
        return ["ffmpeg", "-v", "error", "-nostdin", "-threads", "4", "-i", path, "-f", "framemd5", "-"]


class Encoder:
    """A command line encoder, with raw frames as input."""

    COMPARED = "bytes of the stream, status"

    def __init__(self, name, argv):
        self.NAME, self.NEEDS, self.argv = name, {name: name, "ffmpeg": "ffmpeg"}, argv
        self.WORK = f"`{' '.join(argv)}`, 15 frames"

    def run(self, context):
        source = os.path.join(context.shared, "source.y4m")
        if not os.path.exists(source):
            context.plain(["ffmpeg", "-v", "error", *PICTURES, "-pix_fmt", "yuv420p", source])
        output = context.path("stream")
        result = context.run([*self.argv, "-o", output, source])
        return {"status": result.status, "stream": digest(read(output))}


class ImageMagick:
    """Pixel loops; it takes no second thread for so little."""

    FROM_START = True
    NAME, NEEDS = "imagemagick", {"convert-im6.q16": "imagemagick"}
    WORK, COMPARED = (
        "plasma, blur, resize, quantize, PNG and JPEG, translated from the start",
        "bytes of the pictures, status",
    )

    COMMANDS = (
        "gradient:red-blue -blur 0x4 -rotate 31 -resize 300x200 ppm:-",
        "pattern:checkerboard -distort Arc 120 -colors 16 -strip bmp:-",
        "xc:white -fill black -swirl 180 -sharpen 0x2 -strip jpeg:-",
    )

    def run(self, context):
        threads = {"OMP_NUM_THREADS": "4", "MAGICK_THREAD_LIMIT": "4"}
        results = [
            context.run(["convert-im6.q16", "-seed", "7", "-size", "400x300", *command.split()], env=threads)
            for command in self.COMMANDS
        ]
        return {
            "status": [r.status for r in results],
            "errors": [r.stderr for r in results],
            "pictures": [digest(r.stdout) for r in results],
        }


CASES = [
    Ffmpeg(),
    Encoder("x264", ["x264", "--quiet", "--threads", "4", "--preset", "medium"]),
    Encoder("x265", ["x265", "--log-level", "error", "--pools", "4", "--preset", "fast"]),
    ImageMagick(),
]
