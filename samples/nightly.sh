#!/bin/sh
# One night: the census, then what breaks the rules since the night before, and word of it. For cron (see
# crontab) and Kubernetes (see kubernetes-nightly.yaml); install it as /usr/local/bin/clipcensus-nightly.
#
# CLIPCENSUS_OUT names the folder of the census, CLIPCENSUS_CONFIG the settings file, with its table [audit].
# CHAT_WEBHOOK_FILE names a file with the address of a chat's incoming webhook, which is a secret; it takes
# {"text": "..."}. Without it the findings are printed, and cron sends what is printed by mail. They hold
# titles of clips and names of owners, and no links.
#
# It ends with the code of the export or the audit that failed. 0: the census is there, and what was found,
# if anything, was told. 3: there are findings, and nobody could be told.
set -u
: "${CLIPCENSUS_OUT:?names the folder of the census}"

clipcensus export --summary paths >/dev/null || exit

page=$(mktemp) || exit 73
trap 'rm -f "$page"' EXIT

# Findings that are excepted, or below fail_on of the settings file, make no 3.
clipcensus audit "${CLIPCENSUS_OUT}" --only-new >"$page"
code=$?
test $code -eq 3 || exit $code

if test -z "${CHAT_WEBHOOK_FILE:-}"; then
    cat "$page" || exit 3
    exit 0
fi

# As a JSON text: the page holds no control characters but line breaks. A message of a chat has an end.
head -n 60 "$page" |
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' |
    awk 'BEGIN { printf "{\"text\": \"" } { printf "%s\\n", $0 } END { print "\"}" }' |
    curl --silent --show-error --fail --max-time 30 --header 'Content-Type: application/json' \
        --data-binary @- "$(cat "$CHAT_WEBHOOK_FILE")" >/dev/null || exit 3
