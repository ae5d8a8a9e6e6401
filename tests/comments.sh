#!/usr/bin/env bash
# Draws the comment for a pull request in its twelve situations, light and dark, as a forge shows it: `tests/comments.sh FOLDER`.
# Whether a comment is whole is tested anyway; this is for people to look at. Needs Node.js with npm, and Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?'name the folder for the pictures: tests/comments.sh FOLDER'}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
packages=target/comments
npm install --silent --no-audit --no-fund --prefix "$packages" marked@16.4.1 marked-alert@2.1.2 github-markdown-css@5.8.1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)

ENACT_WRITE_COMMENTS="$folder" cargo test --locked --all-features --lib a_comment_is_whole_in_every_situation

for comment in "$folder"/*.md; do
  name=${comment%.md}
  for theme in light dark; do
    {
      printf '<!doctype html><meta charset="utf-8"><style>'
      cat "$packages/node_modules/github-markdown-css/github-markdown-$theme.css"
      printf 'body { margin: 0 } .markdown-body { box-sizing: border-box; min-height: 100vh; padding: 24px }</style>'
      printf '<article class="markdown-body">'
      (cd "$packages" && node --eval '
        const { Marked } = require("marked"), alert = require("marked-alert");
        process.stdout.write(new Marked().use((alert.default ?? alert)()).parse(require("fs").readFileSync(0, "utf8")));
      ') <"$comment"
      printf '</article>'
    } >"$name-$theme.html"
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=900,1800 \
      --screenshot="$name-$theme.png" "file://$name-$theme.html" 2>/dev/null
  done
done
printf 'The pictures are in %s.\n' "$folder"
