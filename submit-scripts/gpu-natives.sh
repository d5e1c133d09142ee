#!/usr/bin/env bash
# Prepares PyTorch's natives that Strata's jar does not hold: those for NVIDIA GPUs (2.5 GB, 4.1 GB unpacked), and
# those for CPUs of ARM. `strata --gpu` does so itself on the machine that it runs on.
#
#   submit-scripts/gpu-natives.sh folder DIR    unpacked, to be copied to each node or mounted there
#   submit-scripts/gpu-natives.sh jar FILE      as one file, to be sent along with each run
#   submit-scripts/gpu-natives.sh cache         unpacked, in this user's cache; the last line says where
#   submit-scripts/gpu-natives.sh jni FILE      what Java calls a PyTorch 2.7.1 of your own by
#
# --from JAR takes a jar that is here already. Else it comes from the folder that STRATA_NATIVES_FROM names or from the
# local Maven repository, and if it is not there from Maven Central. On a machine without internet, bring the jar along.
# --flavor cpu prepares those for CPUs instead (jni: cpu or cu128). Either way the checksum is compared with that of
# Maven Central. The last lines that are printed are the settings of a run.
set -euo pipefail

djl=0.32.0
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

fail() {
  echo "gpu-natives.sh: $1" >&2
  exit "${2:-2}"
}

(($# > 0)) || fail "say what to prepare, as in: gpu-natives.sh folder /opt/strata/cu124, or: gpu-natives.sh jar natives.jar"
kind=$1 target=
shift
case $kind in
  cache) target=${XDG_CACHE_HOME:-$HOME/.cache}/strata/natives ;;
  folder | jar | jni)
    (($# > 0)) || fail "$kind needs a path, as in: gpu-natives.sh $kind /opt/strata/natives"
    target=$1
    shift
    ;;
  *) fail "'$kind' is none of folder, jar, cache and jni" ;;
esac
platform=linux-$(uname -m)
flavor=cu124 from=
[[ $kind != jni ]] || flavor=cu128
while (($# > 0)); do
  case $1 in
    --from) from=${2:-} ;;
    --flavor) flavor=${2:-} ;;
    *) fail "unknown option '$1'" ;;
  esac
  (($# > 1)) || fail "$1 needs a value"
  shift 2
done

# As Maven Central has them: the checksum, and the mebibytes that the natives take when they are unpacked.
readonly jni_version=2.7.1-0.36.0 jni_sha1=21b7d191759c89e8b973b15f9a873e0007f8a0f7
case $kind-$flavor-$platform in
  jni-cpu-* | jni-cu128-linux-x86_64) version=2.7.1 sha1=$jni_sha1 size=5 ;;
  jni-*) fail "for $platform there is none of flavor '$flavor'; it must be cpu or, on x86_64, cu128" ;;
  *-cu124-linux-x86_64) version=2.5.1 sha1=8f0b78003d66f4ffee5c979fdfa64d0350d0d127 size=3900 ;;
  *-cpu-linux-x86_64) version=2.5.1 sha1=331cda53d80ea082ae2346b275b60cbdd3f9500f size=450 ;;
  *-cpu-linux-aarch64) version=2.7.1 sha1=e9daccdf25ceb5140e2557d3265e94c2c5cc6521 size=300 ;;
  *-cu124-*) fail "for $platform there are no natives for GPUs on Maven Central; say --flavor cpu to work on the processor" ;;
  *) fail "the flavor is '$flavor'; it must be cu124 or cpu" ;;
esac
inside=pytorch/$flavor/$platform
[[ $kind != cache ]] || target=$target/$version-$flavor-$platform
target=$(readlink -m "$target")

# The path of an artifact's jar, whose checksum is as it should be.
#   find_jar ARTIFACT VERSION CLASSIFIER SHA1
find_jar() {
  local name=$1-$2${3:+-$3}.jar jar=$from
  local repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}
  if [[ -z $jar && -n ${STRATA_NATIVES_FROM:-} && -f $STRATA_NATIVES_FROM/$name ]]; then
    jar=$STRATA_NATIVES_FROM/$name
  fi
  if [[ -z $jar ]]; then
    jar=$repository/ai/djl/pytorch/$1/$2/$name
    if [[ ! -f $jar ]]; then
      local size=''
      [[ $1 != *cu124 ]] || size=", 2.5 GB,"
      echo "Downloading $name$size from Maven Central" >&2
      "$root/mvnw" -q -B -f "$root/pom.xml" -N "-Dmaven.repo.local=$repository" dependency:get -Dtransitive=false \
        "-Dartifact=ai.djl.pytorch:$1:$2:jar${3:+:$3}" >&2 ||
        fail "it cannot be downloaded; bring $name along and name it with --from, or its folder by STRATA_NATIVES_FROM" 4
    fi
  fi
  [[ -f $jar ]] || fail "there is no $jar" 4
  [[ $(sha1sum <"$jar") == "$4 "* ]] || fail "$jar is damaged or another jar: its checksum is not $4" 4
  readlink -f "$jar"
}

# The files below a folder of a jar into a folder.
#   unpack JAR INSIDE DIR
unpack() {
  if command -v unzip >/dev/null; then
    unzip -q -j "$1" "$2/*" -d "$3"
    return
  fi
  mkdir "$3/unpacked"
  if command -v "${JAVA_HOME:+$JAVA_HOME/bin/}jar" >/dev/null; then
    (cd "$3/unpacked" && "${JAVA_HOME:+$JAVA_HOME/bin/}jar" xf "$1" "$2")
  elif command -v python3 >/dev/null; then
    python3 -m zipfile -e "$1" "$3/unpacked"
  else
    fail "there is neither unzip nor jar nor python3 here to unpack $1 with; install one of them" 4
  fi
  mv "$3/unpacked/$2"/* "$3/"
  rm -r "$3/unpacked"
}

# Where there is too little room, it is said before anything is written.
require_room() {
  local free
  free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
  ((free >= size)) || fail "the natives need $size MiB in $1, where $free MiB are free; make room, or name another folder (the cache's is XDG_CACHE_HOME's)" 5
}

# What Java calls a PyTorch 2.7.1 by, under the name that DJL looks for.
#   unpack_jni JAR FILE
unpack_jni() {
  local part
  part=$(mktemp -d "$2.part.XXXXXX")
  unpack "$1" "jnilib/$platform/$flavor" "$part"
  mv "$part/libdjl_torch.so" "$2"
  rm -r "$part"
}

# Written beside and renamed, so that what is there is whole. Of two that begin at once the second waits for the first,
# and what one left that was killed is cleared away.
prepare_folder() {
  local parent jar jni
  parent=$(dirname "$target")
  mkdir -p "$parent" 2>/dev/null || true
  [[ -w $parent ]] ||
    fail "nothing can be written to $parent; name another folder (the cache's is XDG_CACHE_HOME's)" 4
  exec 8>"$target.lock"
  flock 8
  if [[ -f $target/checksum && $(<"$target/checksum") == "$sha1" ]]; then
    [[ $kind == cache ]] || echo "$target is prepared already"
    return
  fi
  [[ ! -e $target ]] || fail "$target is there and was not made by this script; name another folder" 4
  jar=$(find_jar "pytorch-native-$flavor" "$version" "$platform" "$sha1")
  if [[ $version == 2.7.1 ]]; then
    : "${STRATA_NATIVES_FROM:=${from:+$(dirname "$from")}}"
    from=
    jni=$(find_jar pytorch-jni "$jni_version" '' "$jni_sha1")
  fi
  rm -rf "$target.part"
  require_room "$parent"
  mkdir "$target.part"
  [[ $kind != cache ]] || echo "Unpacking PyTorch $version for $flavor to $target, once" >&2
  unpack "$jar" "$inside" "$target.part"
  [[ $version != 2.7.1 ]] || unpack_jni "$jni" "$target.part/$djl-libdjl_torch.so"
  printf 'version=%s\nflavor=%s\nclassifier=%s\n' "$version" "$flavor" "$platform" >"$target.part/pytorch.properties"
  echo "$sha1" >"$target.part/checksum"
  mv "$target.part" "$target"
  [[ $kind == cache ]] || echo "$target holds PyTorch $version for $flavor"
}

prepare_jar() {
  local jar
  if [[ -f $target && $(sha1sum <"$target") == "$sha1 "* ]]; then
    echo "$target is prepared already"
    return
  fi
  jar=$(find_jar "pytorch-native-$flavor" "$version" "$platform" "$sha1")
  mkdir -p "$(dirname "$target")"
  cp "$jar" "$target.part"
  mv "$target.part" "$target"
  echo "$target holds PyTorch $version for $flavor"
}

settings() {
  cat <<END
Options of spark-submit, before the command:
$2  --conf spark.executorEnv.PYTORCH_LIBRARY_PATH=$1
  --conf spark.executorEnv.PYTORCH_VERSION=$version
  --conf spark.executorEnv.PYTORCH_FLAVOR=$flavor
  --conf spark.executorEnv.DJL_OFFLINE=true
Where the driver does the work itself (--master local), in its environment:
  export PYTORCH_LIBRARY_PATH=$3 PYTORCH_VERSION=$version PYTORCH_FLAVOR=$flavor
END
}

case $kind in
  folder)
    prepare_folder
    settings "$target" "" "$target"
    ;;
  jar)
    [[ $version == 2.5.1 ]] || fail "a jar for $platform lacks what Java calls PyTorch $version by; prepare a folder"
    prepare_jar
    settings "natives/$inside" "  --archives $target#natives
" "(a folder; an archive is for executors)"
    ;;
  cache)
    prepare_folder
    echo "$target"
    ;;
  jni)
    if [[ ! -f $target ]]; then
      jar=$(find_jar pytorch-jni "$jni_version" '' "$jni_sha1")
      mkdir -p "$(dirname "$target")"
      unpack_jni "$jar" "$target"
    fi
    echo "$target"
    ;;
esac
