#!/usr/bin/env bash
# The action's step "setup": put previewctl into PATH. A release is downloaded, and its checksum verified. "source"
# builds the commit that the action itself was downloaded at.
set -euo pipefail

releases=${PREVIEWSET_RELEASES:-https://github.com/previewset/previewset/releases/download}

fail() {
  echo "::error title=PreviewSet::$1"
  exit 1
}

build() {
  command -v go >/dev/null ||
    fail "Building previewctl needs Go. Use actions/setup-go before, or set version to a release."
  local source
  source=$(cd "$GITHUB_ACTION_PATH/.." && pwd)
  (cd "$source" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$bin/" ./cmd/previewctl)
}

platform() { # like linux_amd64
  local os arch
  case ${RUNNER_OS:-Linux} in
  Linux) os=linux ;;
  macOS) os=darwin ;;
  Windows) os=windows ;;
  *) fail "There is no previewctl for ${RUNNER_OS:-}." ;;
  esac
  case ${RUNNER_ARCH:-X64} in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) fail "There is no previewctl for ${RUNNER_ARCH:-}." ;;
  esac
  echo "${os}_$arch"
}

sum() { # checks the lines of standard input: "CHECKSUM  FILE"
  if command -v sha256sum >/dev/null; then sha256sum --check --status; else shasum -a 256 --check --status; fi
}

download() {
  local archive format=tar.gz on
  on=$(platform)
  [[ $on != windows* ]] || format=zip
  archive=previewctl_${version#v}_$on.$format
  local file
  for file in "$archive" checksums.txt; do
    curl --fail --silent --show-error --location --proto-redir =https --retry 3 \
      --output "$bin/$file" "$releases/$version/$file" || fail "There is no $file in the release $version."
  done
  (cd "$bin" && grep -F "  $archive" checksums.txt | sum) ||
    fail "The checksum of $archive is wrong. Nothing was installed."
  if [ "$format" = zip ]; then
    unzip -q -o "$bin/$archive" previewctl.exe -d "$bin"
  else
    tar -xzf "$bin/$archive" -C "$bin" previewctl
  fi
}

version=${INPUT_VERSION:-source}
[[ $version == source || $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] ||
  fail "version is neither a release like v1.2.0 nor source."
bin=$RUNNER_TEMP/previewctl-$version
if [ ! -e "$bin/installed" ]; then # an earlier step of the job may have done it
  mkdir -p "$bin"
  if [ "$version" = source ]; then build; else download; fi
  touch "$bin/installed"
fi
echo "$bin" >>"$GITHUB_PATH"
