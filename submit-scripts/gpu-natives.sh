#!/usr/bin/env bash
# Prepares PyTorch's natives for NVIDIA GPUs, which Strata's jar does not hold: 2.5 GB, 4.1 GB unpacked.
#
#   submit-scripts/gpu-natives.sh folder DIR    unpacked, to be copied to each node or mounted there
#   submit-scripts/gpu-natives.sh jar FILE      as one file, to be sent along with each run
#
# --from JAR takes a jar that is here already; else it comes from the local Maven repository, and if it is not there
# from Maven Central. On a machine without internet, bring the jar along and name it. --flavor cpu prepares those for
# CPUs instead. Either way the checksum is compared with that of Maven Central. The last lines that are printed are the
# settings of a run.
set -euo pipefail

version=2.5.1
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

fail() {
  echo "gpu-natives.sh: $1" >&2
  exit "${2:-2}"
}

(($# >= 2)) || fail "say what to prepare, as in: gpu-natives.sh folder /opt/strata/cu124, or: gpu-natives.sh jar natives.jar"
kind=$1 target=$2
shift 2
flavor=cu124 from=
while (($# > 0)); do
  case $1 in
    --from) from=${2:-} ;;
    --flavor) flavor=${2:-} ;;
    *) fail "unknown option '$1'" ;;
  esac
  (($# > 1)) || fail "$1 needs a value"
  shift 2
done

# As Maven Central has them.
case $flavor in
  cu124) sha1=8f0b78003d66f4ffee5c979fdfa64d0350d0d127 ;;
  cpu) sha1=331cda53d80ea082ae2346b275b60cbdd3f9500f ;;
  *) fail "the flavor is '$flavor'; it must be cu124 or cpu" ;;
esac

artifact=pytorch-native-$flavor
name=$artifact-$version-linux-x86_64.jar
repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}
inside=pytorch/$flavor/linux-x86_64

find_jar() {
  [[ -n $from ]] || from=$repository/ai/djl/pytorch/$artifact/$version/$name
  if [[ ! -f $from && $from == "$repository"/* ]]; then
    echo "Downloading $name from Maven Central" >&2
    "$root/mvnw" -q -B -f "$root/pom.xml" -N "-Dmaven.repo.local=$repository" dependency:get -Dtransitive=false \
      "-Dartifact=ai.djl.pytorch:$artifact:$version:jar:linux-x86_64" ||
      fail "it cannot be downloaded; bring $name along and name it with --from" 4
  fi
  [[ -f $from ]] || fail "there is no $from" 4
  [[ $(sha1sum <"$from") == "$sha1 "* ]] || fail "$from is damaged or another jar: its checksum is not $sha1" 4
}

unpack() {
  if command -v unzip >/dev/null; then
    unzip -q -j "$from" "$inside/*" native/lib/pytorch.properties -d "$1"
  else
    (cd "$1" && "${JAVA_HOME:+$JAVA_HOME/bin/}jar" xf "$from" "$inside" native/lib/pytorch.properties)
    mv "$1/$inside"/* "$1/native/lib/pytorch.properties" "$1/"
    rm -r "$1/pytorch" "$1/native"
  fi
}

# Written beside and renamed, so that what is there is whole.
prepare_folder() {
  if [[ -f $target/checksum && $(<"$target/checksum") == "$sha1" ]]; then
    echo "$target is prepared already"
    return
  fi
  [[ ! -e $target ]] || fail "$target is there and was not made by this script; name another folder" 4
  find_jar
  from=$(readlink -f "$from")
  mkdir -p "$(dirname "$target")"
  rm -rf "$target.part"
  mkdir "$target.part"
  unpack "$target.part"
  echo "$sha1" >"$target.part/checksum"
  mv "$target.part" "$target"
  echo "$target holds PyTorch $version for $flavor"
}

prepare_jar() {
  if [[ -f $target && $(sha1sum <"$target") == "$sha1 "* ]]; then
    echo "$target is prepared already"
    return
  fi
  find_jar
  mkdir -p "$(dirname "$target")"
  cp "$from" "$target.part"
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
    target=$(readlink -m "$target")
    prepare_folder
    settings "$target" "" "$target"
    ;;
  jar)
    target=$(readlink -m "$target")
    prepare_jar
    settings "natives/$inside" "  --archives $target#natives
" "(a folder; an archive is for executors)"
    ;;
  *) fail "'$kind' is neither folder nor jar" ;;
esac
