#!/usr/bin/env bash
# Builds `bootstrap`, the program for AWS Lambda's runtime provided.al2023 (glibc 2.34), without Docker.
#
#   serverless/build.sh [x86_64|arm64]
#
# The result is target/release/bootstrap-ARCH, where `sklambda package` looks for it. It needs Rust with the target's
# standard library (`rustup target add aarch64-unknown-linux-gnu` for arm64); the linker, zig, is fetched with pip into a
# virtual environment unless cargo-zigbuild is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-$(uname -m)} in
x86_64 | amd64) arch=x86_64 target=x86_64-unknown-linux-gnu ;;
arm64 | aarch64) arch=arm64 target=aarch64-unknown-linux-gnu ;;
*)
  echo "usage: $0 [x86_64|arm64]" >&2
  exit 2
  ;;
esac

if [ ! -d "$("${RUSTC:-rustc}" --print sysroot)/lib/rustlib/$target/lib" ]; then
  echo "the standard library for $target is not installed; run: rustup target add $target" >&2
  exit 1
fi
if ! command -v cargo-zigbuild >/dev/null; then
  zig=$PWD/target/zig
  [ -x "$zig/bin/cargo-zigbuild" ] || {
    python3 -m venv "$zig"
    "$zig/bin/python" -m pip install -q cargo-zigbuild==0.24.0 ziglang==0.17.1
  }
  PATH=$zig/bin:$PATH
fi

cargo zigbuild --release -p sklambda --no-default-features --features lambda --bin bootstrap --target "$target.2.34"
mkdir -p target/release
install -m 755 "${CARGO_TARGET_DIR:-target}/$target/release/bootstrap" "target/release/bootstrap-$arch"
ls -l "target/release/bootstrap-$arch"
