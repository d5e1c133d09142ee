#!/usr/bin/env bash
# Whether the GPUs that this machine shows a process can run PyTorch's natives: says what they are, or in one sentence
# why they cannot.
#
#   submit-scripts/check-gpus.sh [FLAVOR [COUNT]]    of the natives; cu124, unless it is said
#
# COUNT looks at so many alone, as a process that uses no more does. CUDA_VISIBLE_DEVICES counts as it does for CUDA. The exit code is 5 where they cannot.
set -euo pipefail

flavor=${1:-cu124}

fail() {
  echo "strata: $1" >&2
  exit 5
}

# The oldest driver that runs programs of this CUDA, and the compute capabilities that PyTorch has machine code for.
case $flavor in
  cu11*) oldest=450 least=50 most=99 ;;
  cu12[0-7]) oldest=525 least=50 most=99 ;;
  cu12[89]) oldest=525 least=75 most=129 ;;
  *) fail "the natives' flavor is '$flavor'; for GPUs it must be one such as cu124 or cu128" ;;
esac

without="leave --gpu out to work on the processor"
if ! command -v nvidia-smi >/dev/null; then
  shopt -s nullglob
  devices=(/dev/nvidia[0-9]*)
  ((${#devices[@]} > 0)) ||
    fail "a GPU is asked for, but this machine has none: there is neither nvidia-smi nor /dev/nvidia0; install NVIDIA's driver ($oldest or later), or $without"
  echo "${#devices[@]} GPUs (there is no nvidia-smi to say which)"
  exit
fi
answer=$(nvidia-smi --query-gpu=index,uuid,driver_version,name --format=csv,noheader 2>&1) ||
  fail "a GPU is asked for, but NVIDIA's driver does not answer: $(head -n 1 <<<"$answer"); see that nvidia-smi works, or $without"

indexes=() uuids=() names=() driver=
while IFS=, read -r index uuid version name; do
  [[ $index =~ ^[0-9]+$ ]] || continue
  indexes+=("$index") uuids+=("${uuid# }") names+=("${name# }") driver=${version# }
done <<<"$answer"
((${#indexes[@]} > 0)) ||
  fail "a GPU is asked for, but nvidia-smi lists none; $without"
[[ ! ${driver%%.*} =~ ^[0-9]+$ ]] || ((${driver%%.*} >= oldest)) ||
  fail "NVIDIA's driver is $driver, but PyTorch's natives ($flavor) need $oldest or later; update the driver, or $without"

# CUDA takes the entries in their order, up to the first that is not there. A slice of a GPU counts as the first GPU.
visible=("${!indexes[@]}")
if [[ -n ${CUDA_VISIBLE_DEVICES+set} ]]; then
  visible=()
  IFS=, read -r -a entries <<<"$CUDA_VISIBLE_DEVICES"
  for entry in ${entries[@]+"${entries[@]}"}; do
    found=
    for i in "${!indexes[@]}"; do
      if [[ $entry == "${indexes[i]}" || ($entry == GPU-* && ${uuids[i]} == "$entry"*) || $entry == MIG-* ]]; then
        found=$i
        break
      fi
    done
    [[ -n $found ]] || break
    visible+=("$found")
  done
  ((${#visible[@]} > 0)) ||
    fail "a GPU is asked for, but CUDA_VISIBLE_DEVICES is '$CUDA_VISIBLE_DEVICES', which hides all ${#indexes[@]} GPUs; unset it, or $without"
fi

visible=("${visible[@]:0:${2:-${#visible[@]}}}")

# Drivers from before 510 do not tell.
capabilities=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null) || capabilities=
mapfile -t capabilities <<<"$capabilities"
for i in "${visible[@]}"; do
  capability=${capabilities[i]:-}
  [[ $capability =~ ^[0-9]+\.[0-9]$ ]] || continue
  number=${capability/./}
  range="${least%?}.${least#?} to ${most%?}.x"
  ((number <= most)) ||
    fail "GPU ${indexes[i]}, ${names[i]}, has compute capability $capability, which is newer than these natives ($flavor, for $range); bring a PyTorch 2.7.1 for CUDA 12.8 and name it by --natives DIR, choose another GPU by CUDA_VISIBLE_DEVICES, or $without"
  ((number >= least)) ||
    fail "GPU ${indexes[i]}, ${names[i]}, has compute capability $capability, which is older than these natives ($flavor, for $range); choose another GPU by CUDA_VISIBLE_DEVICES, or $without"
done

echo "${#visible[@]} × ${names[${visible[0]}]}, driver ${driver:-unknown}"
