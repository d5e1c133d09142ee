package dev.strata.job.cli;

import dev.strata.job.run.Task;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataKeys;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes the reference of all keys and options from what the program itself reads. */
final class Reference {

  private static final String HEAD =
      """
      # All keys and options

      Made from the program by `ReferenceTest`; do not edit. After a change of a key run

          %s

      Each option of the command line is a name for a key. A key is set by the option after the command, by `--conf key=value`
      before it, in a properties file (`--properties-file`, `conf/spark-defaults.conf`) or in a notebook's session; the option
      wins. Keys show in the Spark UI under Environment. Sizes are bytes, or have a unit: `512m`, `4g`.

      | key | option | values | default | commands | meaning |
      | --- | --- | --- | --- | --- | --- |
      """;

  private static final String TAIL =
      """

      `spark.strata.models.NAME` is the directory of the model that SQL functions know by that name, as in `model => 'NAME'`.

      `strata retry-failed OUTPUT` has the options that say what is asked and where it runs, `strata status OUTPUT` has
      `--journal-dir` and `--output-format`. `strata compare A B` and `strata report RUN` have none.

      Without a key, for every command: `--stacktrace` prints the stack trace of an error; `--help`; `--version`. For `doctor`:
      `--verify` reads all of the model. For `status`: `--json`. For `compare`: `--json`, `--html FILE`.
      For `report`: `--html FILE`. For `retry-failed`: `--task`, where the output does not say it.
      Options of `spark-submit` (`--master`, `--conf`, `--driver-memory` ...) come before the command.
      """;

  private Reference() {}

  /** The file's text. */
  static String text(String command) {
    return StrataKeys.all().stream()
        .map(Reference::line)
        .collect(Collectors.joining("", HEAD.formatted(command), TAIL));
  }

  private static String line(ConfKey<?> key) {
    return "| `%s` | %s | %s | %s | %s | %s |%n"
        .formatted(
            key.name(),
            StrataKeys.isOfSql(key) ? "" : "`" + key.option() + "`",
            cell(key.type().label()),
            otherwise(key),
            commands(key),
            cell(key.doc()));
  }

  private static String otherwise(ConfKey<?> key) {
    Object value = key.otherwise();
    return value == null || List.of().equals(value) || Map.of().equals(value)
        ? ""
        : "`" + cell(Options.shown(key)) + "`";
  }

  private static String commands(ConfKey<?> key) {
    if (StrataKeys.isOfSql(key)) {
      return "SQL functions";
    }
    List<Task> with =
        Arrays.stream(Task.values()).filter(task -> task.keys().contains(key)).toList();
    return with.size() == Task.values().length
        ? "all"
        : with.stream().map(Task::word).collect(Collectors.joining(", "));
  }

  /** A vertical line would end the cell. */
  private static String cell(String text) {
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", "\\n");
  }
}
