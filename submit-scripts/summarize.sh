#!/usr/bin/env bash
# Summarises the texts of a data set, in a batch that can be run again: what is done stays, and new, changed and
# failed rows run.
#
#   submit-scripts/summarize.sh INPUT OUTPUT [option of "strata summarize" ...]
#
# Settings are in conf/summarize.properties, or in the file that STRATA_PROPERTIES names.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

if (($# < 2)) || [[ $1 == -* || $2 == -* ]]; then
  echo "summarize.sh: give an input and an output, as in: summarize.sh articles.parquet summaries.parquet --model /models/x" >&2
  exit 2
fi
input=$1 output=$2
shift 2

exec "$root/submit-scripts/strata" --load-spark-defaults \
  --properties-file "${STRATA_PROPERTIES:-$root/conf/summarize.properties}" \
  summarize --input "$input" --output "$output" "$@"
