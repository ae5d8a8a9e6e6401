#!/usr/bin/env bash
# What action.yml does, one function a command. It needs bash, git, curl and jq, and for `apply` unzip.
#
# What enact prints holds the words of pull requests and of APIs. It reaches a file, or the log between two random tokens
# that keep the runner from obeying it; never a script. What enact finds and what is posted are two commands, so that
# no job needs both the credentials of a target and the right to comment.
set -euo pipefail

report=${REPORT:-$RUNNER_TEMP/enact}
bot=${BOT:-github-actions[bot]}
run_url="${GITHUB_SERVER_URL:-}/${GITHUB_REPOSITORY:-}/actions/runs/${GITHUB_RUN_ID:-}"

fail() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Calls the forge: METHOD, path below the repository, arguments of curl. Only reads are repeated: a comment must not be
# made twice. The token is in no argument, where other processes could read it.
api() {
  local method=$1 path=$2 again=()
  shift 2
  [ "$method" != GET ] || again=(--retry 3)
  curl --silent --show-error --fail --location --max-time 60 "${again[@]}" --request "$method" \
    --header @<(printf 'authorization: Bearer %s\n' "$GH_TOKEN") --header 'accept: application/vnd.github+json' \
    "$@" "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/$path"
}

# All pages of a list, as one array.
pages() {
  local page=1 all='[]' part
  while part=$(api GET "$1&per_page=100&page=$page"); do
    all=$(jq --compact-output --argjson part "$part" '. + $part' <<<"$all")
    [ "$(jq length <<<"$part")" = 100 ] && [ "$page" -lt 20 ] || { printf '%s' "$all"; return; }
    page=$((page + 1))
  done
  return 1
}

# A commit or a number out of an answer, which is not trusted to be one.
hash() { [[ $1 =~ ^[0-9a-f]{40}$ ]] && printf '%s' "$1"; }
number() { [[ $1 =~ ^[0-9]+$ ]] && printf '%s' "$1"; }

# The program: a path, a release whose checksum is verified, or built from the source of this action.
install() {
  local program name target base
  if [ -n "${ENACT_PATH:-}" ]; then
    program=$(cd "$(dirname "$ENACT_PATH")" && pwd)/$(basename "$ENACT_PATH")
  elif [ -n "${VERSION:-}" ]; then
    case "$(uname -sm)" in
      'Linux x86_64') target=x86_64-unknown-linux-musl ;;
      'Linux aarch64') target=aarch64-unknown-linux-musl ;;
      'Darwin arm64') target=aarch64-apple-darwin ;;
      *) fail "there is no release for $(uname -sm): build it with \`build: true\`, or name a program with \`path\`" ;;
    esac
    name=enact-$target.tar.gz
    base="$GITHUB_SERVER_URL/$ACTION_REPOSITORY/releases/download/$VERSION"
    mkdir -p "$RUNNER_TEMP/enact-program"
    cd "$RUNNER_TEMP/enact-program"
    curl --silent --show-error --fail --location --retry 3 --remote-name "$base/$name"
    if [ -n "${SHA256:-}" ]; then
      printf '%s  %s\n' "$SHA256" "$name" >sums
    else
      curl --silent --show-error --fail --location --retry 3 "$base/SHA256SUMS" | grep -F "  $name" >sums
    fi
    sha256sum --check --strict --quiet sums || fail "the checksum of $name is not the one of the release"
    tar -xzf "$name" enact
    program=$PWD/enact
  elif [ "${BUILD:-}" = true ]; then
    cargo build --locked --release --manifest-path "$ACTION_PATH/Cargo.toml" --target-dir "$RUNNER_TEMP/enact-target"
    program=$RUNNER_TEMP/enact-target/release/enact
  else
    fail 'say where enact comes from: `version`, `path`, or `build: true`' 64
  fi
  [ -x "$program" ] || fail "there is no program at $program"
  printf 'program=%s\n' "$program" >>"$GITHUB_OUTPUT"
}

# Lets git fetch and push with the token, which is in its environment alone.
with_token() {
  git config --local credential.helper '!f() { echo username=x-access-token; echo "password=$GH_TOKEN"; }; f'
}

# Runs enact with all reports, keeps its exit code, and says what it found in the log and in the summary.
enact() {
  local token code=0
  token=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)
  printf '::stop-commands::%s\n' "$token"
  "$ENACT" "$@" --config "$ENACT_CONFIG" --report "markdown=$report/comment.md" --report "json=$report/report.json" \
    --report "sarif=$report/report.sarif" --report "github=$report/annotations" || code=$?
  printf '\n::%s::\n' "$token"
  # Annotations are commands, too: of these three kinds, made inert by enact.
  ! [ -f "$report/annotations" ] || grep -E '^::(error|warning|notice) ' "$report/annotations" || true
  ended "$code"
}

# Keeps the exit code for the steps after this one, and shows the result in the summary of the job.
ended() {
  printf '%s\n' "$1" >"$report/code"
  printf 'code=%s\n' "$1" >>"$GITHUB_OUTPUT"
  ! [ -f "$report/comment.md" ] || cat "$report/comment.md" >>"$GITHUB_STEP_SUMMARY"
}

validate() { enact validate; }

# Of a pull request only its manifests are taken, as git objects: nothing of it is checked out or run.
plan() {
  local head base
  head=$(hash "$(jq -r .pull_request.head.sha "$GITHUB_EVENT_PATH")") || fail 'this is not the event of a pull request' 64
  with_token
  git fetch --quiet --no-tags origin "$head"
  git fetch --quiet origin '+refs/enact/*:refs/enact/*'
  base=$(git merge-base HEAD "$head")
  printf 'head=%s\n' "$head" >>"$GITHUB_OUTPUT"
  enact plan --rev "$head" --base "$base" --out "$report/plan.json"
}

# The pull request that a commit was merged by, as JSON; nothing if there is none.
merged() {
  api GET "commits/$1/pulls" | jq --compact-output '[.[] | select(.merged_at != null)][0] // empty'
}

# Fetches the plan that was reviewed for a head. A run of a branch's own workflow could upload anything under the same
# name, so only that of `pull_request_target` counts: its workflow is the one of the default branch.
reviewed() {
  local head=$1 found id run
  found=$(api GET "actions/artifacts?name=enact-plan-$head&per_page=100" |
    jq -r '[.artifacts[] | select(.expired | not)] | sort_by(.created_at) | reverse[] | "\(.id) \(.workflow_run.id)"')
  while read -r id run; do
    id=$(number "$id") && run=$(number "$run") || continue
    [ "$(api GET "actions/runs/$run" | jq -r .event)" = pull_request_target ] || continue
    api GET "actions/artifacts/$id/zip" --output "$report/plan.zip"
    unzip -q -o "$report/plan.zip" plan.json -d "$report/reviewed" && return
  done <<<"$found"
  return 1
}

# Writes what was reviewed. A change that was not is not written.
apply() {
  local pull head arguments=(--yes --events "$report/events.jsonl" --lock-timeout 10m)
  with_token
  git fetch --quiet origin '+refs/enact/*:refs/enact/*'
  if [ "${REVIEWED:-required}" != none ]; then
    pull=$(merged "$(git rev-parse HEAD)")
    head=$(hash "$(jq -r '.head.sha // empty' <<<"${pull:-null}")") || head=
    if [ -z "$head" ] || ! reviewed "$head"; then
      printf '<!-- enact -->\n### enact apply: nothing was reviewed\n\n%s\n' \
        'There is no reviewed plan of this commit, so nothing was written. Look at a plan, then run the job by hand with `reviewed: none`.' \
        >"$report/comment.md"
      ended 5
      return
    fi
    arguments=("$report/reviewed/plan.json" --after-merge "${arguments[@]}")
  fi
  enact apply "${arguments[@]}"
}

drift() {
  with_token
  git fetch --quiet origin '+refs/enact/*:refs/enact/*'
  enact plan --exit-code
}

# The text to post: a mark by which it is found again, what enact said, and where that comes from.
body() {
  local mark=$1 of=$2
  printf '<!-- enact:%s -->\n' "$mark"
  if [ -s "$report/comment.md" ]; then
    cat "$report/comment.md"
  else
    printf '### enact %s: it died\n\nThere is no result. What stood here was an older one.\n' "$mark"
  fi
  printf '\n\n%s, by [this run](%s), which has the log.\n' "$of" "$run_url"
}

# Those of our own that have the mark, by their numbers or ids.
ours() { jq -r --arg bot "$bot" --arg mark "<!-- enact:$2 -->" "[.[] | select(.user.login == \$bot and ((.body // \"\") | startswith(\$mark))) | .$1][]"; }

# Keeps one comment of a pull request up to date.
comment() {
  local mark=$1 pull head id
  pull=$(jq --compact-output '.pull_request // empty' "$GITHUB_EVENT_PATH")
  [ -n "$pull" ] || pull=$(merged "$(jq -r '.after // empty' "$GITHUB_EVENT_PATH")")
  [ -n "$pull" ] || { echo 'No pull request to comment on.'; return; }
  pull_number=$(number "$(jq -r .number <<<"$pull")") && head=$(hash "$(jq -r .head.sha <<<"$pull")") || fail 'the pull request has no number'
  body "$mark" "Head \`$head\`" | jq --raw-input --slurp '{body: .}' >"$report/body.json"
  id=$(pages "issues/$pull_number/comments?sort=created" | ours id "$mark" | head -n 1)
  if [ -n "$id" ]; then
    api PATCH "issues/comments/$id" --data "@$report/body.json" --output /dev/null
  else
    api POST "issues/$pull_number/comments" --data "@$report/body.json" --output /dev/null
  fi
}

# Opens, updates and closes the one issue about drift.
issue() {
  local code id
  code=$(cat "$report/code" 2>/dev/null || echo 1)
  id=$(pages "issues?state=open" | ours number drift | head -n 1)
  if [ "$code" = 0 ]; then
    [ -n "$id" ] || return 0
    api PATCH "issues/$id" --data '{"state": "closed", "state_reason": "completed"}' --output /dev/null
    return
  fi
  body drift "Commit \`$GITHUB_SHA\`" |
    jq --raw-input --slurp '{title: "The live systems are not as declared", body: .}' >"$report/body.json"
  if [ -n "$id" ]; then
    api PATCH "issues/$id" --data "@$report/body.json" --output /dev/null
  else
    api POST issues --data "@$report/body.json" --output /dev/null
  fi
}

# Hands what is wrong to code scanning.
sarif() {
  [ -s "$report/report.sarif" ] || return 0
  gzip --stdout "$report/report.sarif" | base64 | tr -d '\n' |
    jq --raw-input --slurp --arg commit "$GITHUB_SHA" --arg ref "$GITHUB_REF" \
      '{commit_sha: $commit, ref: $ref, sarif: .}' >"$report/sarif.json"
  api POST code-scanning/sarifs --data "@$report/sarif.json" --output /dev/null
}

post() {
  case "${POST:-}" in
    plan | apply) comment "$POST" ;;
    drift) issue ;;
    *) fail '`post` is one of plan, apply, drift' 64 ;;
  esac
  [ "${SARIF:-}" != true ] || sarif
}

mkdir -p "$report"
case "${1:-}" in
  install | validate | plan | apply | drift | post) "$1" ;;
  *) fail '`command` is one of validate, plan, apply, drift, post' 64 ;;
esac
