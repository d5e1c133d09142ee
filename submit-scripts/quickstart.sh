#!/usr/bin/env bash
# Summarises and translates the data sets that come with Strata on its demo model, and shows some of the rows.
# Needs a JDK 17 and, for the first build, the internet.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
cd "$root"

# Whether the jar is there and newer than all it is made of.
built() {
  [[ -f job/target/strata.jar && -d target/spark/jars ]] &&
    [[ -z $(find pom.xml ./*/pom.xml udfs/src/main job/src/main -newer job/target/strata.jar -print -quit) ]]
}

if ! built; then
  echo "Building Strata; the first time this takes some minutes."
  ./mvnw -B -q -DskipTests package
fi

out=$(mktemp -d "${TMPDIR:-/tmp}/strata-quickstart.XXXXXX")
width=$(tput cols 2>/dev/null || echo 100)

# Shows texts and their completions side by side; a text that is too long is cut.
show() {
  local left=$(((width - 3) / 2)) row
  printf '%-*s | %s\n' "$left" text completion
  printf '%*s-+-%*s\n' "$left" '' "$left" '' | tr ' ' -
  while IFS= read -r row; do
    printf '%-*.*s | %.*s\n' "$left" "$left" "$(field text "$row")" "$left" "$(field completion "$row")"
  done < <(cat "$out/$1"/part-*.json | head -n 10)
}

# A text of a JSON object on one line.
field() {
  sed -E 's/.*"'"$1"'":"(([^"\\]|\\.)*)".*/\1/; s/\\n/ /g; s/\\(.)/\1/g' <<<"$2"
}

echo
echo "Summaries of package descriptions"
submit-scripts/strata summarize --model datasets/demo-model --input datasets/package-descriptions.parquet \
  --output-format json --output "$out/summaries" --max-new-tokens 40
echo
show summaries

echo
echo "Sentences in French"
submit-scripts/strata translate --to-language French --model datasets/demo-model --input datasets/sentences.json \
  --output "$out/translations" --max-new-tokens 60
echo
show translations
