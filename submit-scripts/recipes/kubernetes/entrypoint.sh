#!/usr/bin/env bash
# Starts what Spark's own image starts, with YESTERDAY in an argument replaced by that date in UTC: the arguments of a
# ScheduledSparkApplication are the same every night.
set -euo pipefail
yesterday=$(date -u -d yesterday +%F)
exec /opt/entrypoint.sh "${@//YESTERDAY/$yesterday}"
