#!/usr/bin/env bash
# Applies each mutant of mutants.txt to a copy of its class and runs the tests that must find it.
# Arguments choose the mutants whose names contain one of them. Ends with 1 if a mutant survives.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
./mvnw -B -q -pl udfs test-compile dependency:build-classpath \
  -Dmdep.includeScope=test -Dmdep.outputFile="$PWD/udfs/target/test.classpath"
cd udfs
exec java -cp "target/test-classes:target/classes:$(cat target/test.classpath)" \
  dev.strata.udfs.mutants.MutantRun "$@"
