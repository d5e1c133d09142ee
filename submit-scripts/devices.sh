# What `strata --gpu` and `strata --natives` do before a command runs; read by the launcher, whose $root, $jar, $submit,
# $master, fail and value_of it uses.
# shellcheck shell=bash disable=SC2154 # the launcher's

cache=${XDG_CACHE_HOME:-$HOME/.cache}/strata/natives

# Sets a key unless somebody has.
default_conf() {
  [[ -n $(value_of "$1") ]] || submit+=(--conf "$1=$2")
}

# Adds to what an option of spark-submit lists.
add_to_list() {
  local i
  for ((i = 0; i < ${#submit[@]}; i++)); do
    case ${submit[i]} in
      -v | --verbose | --supervise | --load-spark-defaults) continue ;;
      "$1")
        submit[i + 1]=${submit[i + 1]},$2
        return
        ;;
    esac
    i=$((i + 1))
  done
  submit+=("$1" "$2")
}

# Where engines of a command run: in its own process, in other processes of this machine, or on other machines.
where_engines_run() {
  local host
  case $1-$master in
    doctor-* | benchmark-*) echo process && return ;;
  esac
  case $master in
    '' | local | local\[*) echo process ;;
    local-cluster*) echo machine ;;
    spark://*)
      host=${master#spark://}
      host=${host%%[:,]*}
      case $host in
        localhost | 127.* | "$(hostname)" | "$(hostname -f 2>/dev/null || hostname)") echo machine ;;
        *) echo cluster ;;
      esac
      ;;
    *) echo cluster ;;
  esac
}

# Looks at a PyTorch that somebody brings along: sets $folder, $version and $flavor, or refuses.
own_natives() {
  local file said='' machine
  folder=$(readlink -m "$1")
  [[ -f $folder/libtorch.so ]] || folder=$folder/lib
  [[ -f $folder/libtorch.so ]] ||
    fail "--natives is $1, but there is no libtorch.so in it, nor in its lib; name the folder of an unpacked libtorch"
  machine=$(od -An -t u2 -j 18 -N 2 "$folder/libtorch.so" | tr -d ' ')
  case $machine-$(uname -m) in
    62-x86_64 | 183-aarch64) ;;
    *) fail "$folder/libtorch.so is not for this processor, $(uname -m); name a PyTorch for it" ;;
  esac
  # As DJL's folders have it, those of libtorch, and Python's packages.
  if [[ -f $folder/pytorch.properties ]]; then
    said=$(sed -n 's/^version=\([0-9.]*\).*/\1/p' "$folder/pytorch.properties")+$(sed -n 's/^flavor=//p' "$folder/pytorch.properties")
  elif [[ -f $folder/../build-version ]]; then
    said=$(<"$folder/../build-version")
  elif [[ -f $folder/../version.py ]]; then
    said=$(sed -n "s/^__version__ = '\(.*\)'/\1/p" "$folder/../version.py")
  elif [[ -n ${PYTORCH_VERSION:-} && -n ${PYTORCH_FLAVOR:-} ]]; then
    said=$PYTORCH_VERSION+$PYTORCH_FLAVOR
  fi
  [[ $said == ?*+?* ]] ||
    fail "nothing in $1 says which PyTorch it is; say so by PYTORCH_VERSION=2.7.1 PYTORCH_FLAVOR=cu128 (or cpu) in the environment"
  version=${said%%+*} flavor=${said#*+}
  case $version-$flavor-$(uname -m) in
    2.5.1-cpu-x86_64 | 2.5.1-cu124-x86_64 | 2.7.1-cpu-* | 2.7.1-cu128-x86_64) ;;
    *) fail "$1 holds PyTorch $version for $flavor on $(uname -m), which Strata has no way to call; bring 2.7.1 for cu128 or cpu, or 2.5.1 for cu124 or cpu" ;;
  esac
  for file in libc10.so libtorch_cpu.so libc10_cuda.so libtorch_cuda.so; do
    [[ -f $folder/$file || ($file == *cuda* && $flavor == cpu) ]] ||
      fail "$folder says that it holds PyTorch $version for $flavor, but there is no $file in it; unpack it anew"
  done
  [[ $flavor == cpu ]] || compgen -G "$folder/libcudart*.so*" >/dev/null ||
    fail "there is no libcudart in $folder; take the libtorch that comes with CUDA's libraries (libtorch-shared-with-deps), not Python's"
  [[ -z $gpus || $flavor != cpu ]] ||
    fail "--gpu is given, but --natives $1 holds PyTorch for processors; leave one of them out"
  call_own_natives "$1"
}

# What Java calls a PyTorch by lies in Strata's jar for 2.5.1, beside the libraries, or in DJL's cache.
call_own_natives() {
  local name=0.32.0-libdjl_torch.so
  [[ $version != 2.5.1 && ! -f $folder/$name && ! -f $folder/libdjl_torch.so ]] || return 0
  [[ $where != cluster ]] ||
    fail "executors on other machines need what Java calls PyTorch $version by in the folder itself; make it by: submit-scripts/gpu-natives.sh jni $folder/$name --flavor $flavor, and have the folder on each of them"
  "$root/submit-scripts/gpu-natives.sh" jni \
    "${ENGINE_CACHE_DIR:-${DJL_CACHE_DIR:-$HOME/.djl.ai}}/pytorch/$version-$flavor-linux-$(uname -m)/$name" \
    --flavor "$flavor" >/dev/null || exit
}

# Those that Strata knows where to get.
known_natives() {
  version=2.5.1 flavor=cu124
  if [[ $(uname -m) == aarch64 ]]; then
    [[ -z $gpus ]] || fail "there are no natives for GPUs of machines with ARM processors; leave --gpu out to work on the processor"
    version=2.7.1 flavor=cpu
  fi
}

# Unpacked in the cache or, for other machines, as an archive that is sent along.
get_natives() {
  if [[ $where == cluster ]]; then
    archive=$cache/pytorch-native-$flavor-$version-linux-x86_64.jar
    [[ -f $archive ]] || "$root/submit-scripts/gpu-natives.sh" jar "$archive" --flavor "$flavor" >/dev/null || exit
    folder=natives/pytorch/$flavor/linux-x86_64
  else
    folder=$("$root/submit-scripts/gpu-natives.sh" cache --flavor "$flavor") || exit
  fi
}

# One kernel, once for each folder of natives and each driver and kind of GPU.
run_kernel() {
  local seen device=cpu
  seen="$folder on $(hostname): ${found:-processor}"
  [[ $flavor == cpu ]] || device=${gpus:+cuda}
  if [[ -f $cache/kernels && $'\n'$(<"$cache/kernels")$'\n' == *$'\n'"$seen"$'\n'* ]]; then
    return
  fi
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" -XX:TieredStopAtLevel=1 -Dslf4j.internal.verbosity=ERROR -cp "$jar" \
    dev.strata.job.cli.Strata doctor --device-only --device "${device:-auto}" >&2 || exit
  { mkdir -p "$cache" && echo "$seen" >>"$cache/kernels"; } 2>/dev/null || true # else it runs again next time
}

# Spark's resources: GPUs of executors, and how they are found.
ask_for_gpus() {
  default_conf spark.executor.resource.gpu.amount "$gpus"
  case $master in
    local-cluster*)
      [[ $master =~ ^local-cluster\[\ *1\ *, ]] ||
        fail "--master is '$master', but of a local cluster with --gpu all workers would take the same GPUs; make it one worker: local-cluster[1,CORES,MEMORY], with --gpu=N for N GPUs"
      default_conf spark.worker.resource.gpu.amount "$gpus"
      default_conf spark.worker.resource.gpu.discoveryScript "$root/conf/discover-gpus.sh"
      ;;
    k8s*) default_conf spark.executor.resource.gpu.vendor nvidia.com
      default_conf spark.executor.resource.gpu.discoveryScript /opt/strata/discover-gpus.sh
      ;;
    yarn)
      if [[ -z $(value_of spark.executor.resource.gpu.discoveryScript) ]]; then
        add_to_list --files "$root/conf/discover-gpus.sh"
        submit+=(--conf spark.executor.resource.gpu.discoveryScript=./discover-gpus.sh)
      fi
      ;;
  esac
}

# Executors' environment.
send_natives() {
  default_conf spark.executorEnv.PYTORCH_LIBRARY_PATH "$folder"
  default_conf spark.executorEnv.PYTORCH_VERSION "$version"
  default_conf spark.executorEnv.PYTORCH_FLAVOR "$flavor"
  if [[ -n $archive ]]; then
    echo "strata: natives of 2.5 GB are sent to each executor; where they are on each machine already, name them: --conf spark.executorEnv.PYTORCH_LIBRARY_PATH=DIR" >&2
    add_to_list --archives "$archive#natives"
  fi
}

# Whether somebody has said already where the natives of the engines are. Images for Kubernetes hold them.
has_natives() {
  case $where in
    process) [[ -n ${PYTORCH_LIBRARY_PATH:-} ]] ;;
    *) [[ $master == k8s* || -n $(value_of spark.executorEnv.PYTORCH_LIBRARY_PATH) ]] ;;
  esac
}

#   prepare_devices COMMAND
prepare_devices() {
  local where folder='' version='' flavor='' archive='' found='' known='' used=''
  where=$(where_engines_run "$1")
  [[ -n $gpus$natives || $where != cluster ]] || return 0 # who knows what processors those have
  if [[ -n $gpus ]]; then
    [[ $where != process || $1 == doctor || $1 == benchmark ]] || ((gpus == 1)) ||
      fail "--gpu=$gpus needs a cluster, since a local master uses one GPU; for several of this machine say --master 'local-cluster[1,$(nproc),4096]'"
    default_conf spark.strata.device cuda
    [[ $where == process ]] || ask_for_gpus
  fi
  if [[ -n $natives ]]; then
    own_natives "$natives"
  elif has_natives; then
    flavor=${PYTORCH_FLAVOR:-cu124}
  else
    known=1
    known_natives
  fi
  if [[ -n $gpus && $where != cluster ]]; then
    [[ $where != process ]] || used=1
    found=$("$root/submit-scripts/check-gpus.sh" "$flavor" ${used:+"$used"}) || exit
  fi
  [[ -z $known ]] || get_natives
  [[ -n $folder ]] || return 0
  if [[ $where == process ]]; then
    export PYTORCH_LIBRARY_PATH=$folder PYTORCH_VERSION=$version PYTORCH_FLAVOR=$flavor
    [[ $1 == doctor ]] || run_kernel
  else
    send_natives
    [[ $where == cluster ]] || PYTORCH_LIBRARY_PATH=$folder PYTORCH_VERSION=$version PYTORCH_FLAVOR=$flavor run_kernel
  fi
}
