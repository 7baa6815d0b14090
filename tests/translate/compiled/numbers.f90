! SPDX-License-Identifier: MIT
! Fortran: array expressions, internal procedures, formatted output.
program numbers
  implicit none
  real(8) :: a(50, 50), b(50, 50), c(50, 50)
  complex(8) :: z
  integer :: i, j
  do i = 1, 50
    do j = 1, 50
      a(i, j) = real(i * j, 8) / 7
      b(i, j) = merge(1.0d0, real(i - j, 8), i == j)
    end do
  end do
  c = matmul(a, transpose(b))
  z = (0.5d0, 0.25d0)
  do i = 1, 20
    z = z * z + cmplx(0.1d0, step(i), 8)
  end do
  write (*, '(F14.4, 2F12.6, I8)') sum(c), z, count(c > 0)
contains
  pure real(8) function step(n)
    integer, intent(in) :: n
    step = 1.0d0 / n
  end function
end program
