#!/usr/bin/env bash
# Tells Spark which GPUs of NVIDIA a machine has, as spark.{driver,executor,worker}.resource.gpu.discoveryScript wants
# it: {"name":"gpu","addresses":["0","1"]}. An address is the index that CUDA gives the GPU in a process that sees what
# this one sees: where CUDA_VISIBLE_DEVICES restricts them, its entries are counted from 0. GPUs that are divided by MIG
# are refused, since CUDA shows a process one slice of them only.
set -euo pipefail

fail() {
  echo "discover-gpus.sh: $1" >&2
  exit 1
}

command -v nvidia-smi >/dev/null || fail "there is no nvidia-smi; this machine has no NVIDIA driver"
listed=$(nvidia-smi --query-gpu=index,mig.mode.current --format=csv,noheader 2>&1) || fail "nvidia-smi failed: $listed"

count=0
while IFS=', ' read -r index mig; do
  [[ $index =~ ^[0-9]+$ ]] || continue
  [[ $mig != Enabled* ]] || fail "GPU $index is divided by MIG; turn that off, or give Spark the addresses yourself"
  count=$((count + 1))
done <<<"$listed"

# CUDA takes the entries in their order, up to the first that is not there.
if [[ -n ${CUDA_VISIBLE_DEVICES+set} ]]; then
  visible=0
  IFS=',' read -r -a entries <<<"$CUDA_VISIBLE_DEVICES"
  for entry in ${entries[@]+"${entries[@]}"}; do
    if [[ $entry =~ ^[0-9]+$ ]]; then
      ((10#$entry < count)) || break
    elif [[ $entry != GPU-* ]]; then
      break
    fi
    visible=$((visible + 1))
  done
  ((visible > 0 || count == 0)) || fail "CUDA_VISIBLE_DEVICES is '$CUDA_VISIBLE_DEVICES', which hides all $count GPUs"
  count=$visible
fi
((count > 0)) || fail "nvidia-smi lists no GPU"

addresses=$(seq -s '","' 0 $((count - 1)))
echo "{\"name\":\"gpu\",\"addresses\":[\"$addresses\"]}"
