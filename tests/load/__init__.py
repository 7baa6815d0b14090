# SPDX-License-Identifier: MIT
"""What tests/real, tests/stress and tests/bench share: starting programs under detect, and load for servers."""
