#!/usr/bin/env bash
# The action's step "preview": create or change an environment and wait for it; run commands with it; or delete it.
# The inputs are variables, so that no text of a pull request becomes a part of a script.
set -euo pipefail

answer=$RUNNER_TEMP/previewctl-answer.json

# An empty array is an unset variable in the bash of macOS: ${args[@]+…}.

# value prints a text at the top level of previewctl's last answer.
value() { sed -n "s/^  \"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$answer"; }

output() { printf '%s=%s\n' "$1" "${2//[$'\r\n']/ }" >>"$GITHUB_OUTPUT"; }

# lines appends a flag for each line of an input to args: lines FLAG TEXT.
lines() {
  local line
  while IFS= read -r line; do
    line=${line//$'\r'/}
    [[ -z ${line// /} ]] || args+=("--$1=${line#"${line%%[! ]*}"}")
  done <<<"$2"
}

flag() { [ -z "$2" ] || args+=("--$1=$2"); }

settings() { # collects the flags that describe the environment
  lines service "$INPUT_SERVICES"
  lines link "$INPUT_LINKS"
  lines component "$INPUT_COMPONENTS"
  flag profile "$INPUT_PROFILE"
  flag dataset "$INPUT_DATASET"
  flag purpose "$INPUT_PURPOSE"
  flag expires "$INPUT_EXPIRES"
  flag owner "$INPUT_OWNER"
}

# give sets a variable of previewctl, unless the input is empty.
give() { [ -z "$2" ] || export "$1=$2"; }

give PREVIEWSET_SERVER "$INPUT_SERVER"
give PREVIEWSET_CONFIG_REPO "$INPUT_CONFIG_REPO"
give PREVIEWSET_CONFIG_TOKEN "$INPUT_CONFIG_TOKEN"
if [ -n "$INPUT_API_TOKEN" ]; then
  file=$(umask 077 && mktemp "$RUNNER_TEMP/previewctl-token.XXXXXX")
  trap 'rm -f "$file"' EXIT
  printf '%s\n' "$INPUT_API_TOKEN" >"$file"
  export PREVIEWSET_API_TOKEN_FILE=$file
fi

args=()
is_pull_request=
[[ $INPUT_NAME != */* ]] || is_pull_request=1
if [ -z "$is_pull_request" ]; then # its pull request ends another environment
  INPUT_EXPIRES=${INPUT_EXPIRES:-24h}
  export PREVIEWSET_OWNER=${PREVIEWSET_OWNER:-${GITHUB_ACTOR:-}} # of a new one
fi

if [ "$INPUT_DELETE" = true ]; then
  previewctl delete --if-exists --break-links --output=json -- "$INPUT_NAME" >"$answer"
  output name "$(value name)"
  output commit "$(value commit)"
  output result deleted
  exit
fi

if [ -n "$INPUT_RUN" ]; then
  settings
  lines commit "$INPUT_COMMITS"
  script=$RUNNER_TEMP/previewctl-run.sh
  printf '%s\n' "$INPUT_RUN" >"$script"
  output name "$INPUT_NAME"
  # shellcheck disable=SC2016 # the inner bash expands it
  previewctl ci "$INPUT_NAME" --timeout="$INPUT_TIMEOUT" ${args[@]+"${args[@]}"} -- bash -c '
    printf "url=%s\n" "$PREVIEW_URL" >>"$GITHUB_OUTPUT"
    exec bash --noprofile --norc -eo pipefail "$1"' bash "$script"
  output result deleted
  exit
fi

settings
if [ -z "$is_pull_request" ] || [ ${#args[@]} -gt 0 ]; then
  previewctl create --update --output=json ${args[@]+"${args[@]}"} -- "$INPUT_NAME" >"$answer"
  commit=$(value commit)
  output name "$(value name)"
  output url "$(value url)"
  output commit "$commit"
  args=("--config-commit=$commit")
fi

lines commit "$INPUT_COMMITS"
status=0
previewctl wait --timeout="$INPUT_TIMEOUT" --output=json ${args[@]+"${args[@]}"} -- "$INPUT_NAME" >"$answer" || status=$?
if [ -s "$answer" ]; then
  output name "$(value name)"
  output result "$(value result)"
  output state "$(value state)"
  [ -z "$(value url)" ] || output url "$(value url)"
fi
exit "$status"
