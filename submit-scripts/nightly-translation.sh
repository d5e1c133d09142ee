#!/usr/bin/env bash
# Translates one date's texts: from $STRATA_INPUT_ROOT/date=DATE to $STRATA_OUTPUT_ROOT/date=DATE.
#
#   submit-scripts/nightly-translation.sh DATE [option of "strata translate" ...]
#
# Run again for a date, it translates what is new, changed or failed, and if nothing is, it says so and changes
# nothing. A night that was killed is completed by the next run for its date. Two nights never run at once: the
# second ends with exit code 6 and says who is at work.
#
# Settings are in conf/nightly-translation.properties, or in the file that STRATA_PROPERTIES names. The roots may be on
# any file system that Spark knows.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

fail() {
  echo "nightly-translation.sh: $1" >&2
  exit 2
}

[[ ${1:-} =~ ^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$ ]] ||
  fail "'${1:-}' is not a date such as 2026-11-22; for last night's give \"\$(date -d yesterday +%F)\""
[[ -n ${STRATA_INPUT_ROOT:-} ]] || fail "set STRATA_INPUT_ROOT to where the folders date=... with the texts are"
[[ -n ${STRATA_OUTPUT_ROOT:-} ]] || fail "set STRATA_OUTPUT_ROOT to where the folders date=... with the translations go"
date=$1
shift

exec "$root/submit-scripts/strata" --load-spark-defaults \
  --properties-file "${STRATA_PROPERTIES:-$root/conf/nightly-translation.properties}" \
  --name "nightly translation $date" \
  translate \
  --input "${STRATA_INPUT_ROOT%/}/date=$date" --output "${STRATA_OUTPUT_ROOT%/}/date=$date" \
  --lock "${STRATA_OUTPUT_ROOT%/}/.nightly-translation.strata-lock" \
  "$@"
