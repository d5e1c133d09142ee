package dev.strata.job.run;

import dev.strata.job.report.KeptRun;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Fingerprints;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a run was told, as far as its record has it and this version knows it.
 *
 * @param settings Strata's keys, without those whose values hold secrets
 * @param hidden the keys that it was told and whose values hold secrets, which a record leaves out
 */
record KeptSettings(Task task, Map<String, String> settings, List<ConfKey<?>> hidden) {

  /** Settings of Spark that say how values become texts, which a prompt has. */
  private static final String OF_SQL = "spark.sql.";

  /** And those of them that say what there is beside the rows, as others know it better. */
  private static final List<String> OF_PLACES =
      List.of(
          "spark.sql.catalog",
          "spark.sql.extensions",
          "spark.sql.warehouse",
          "spark.sql.hive",
          "spark.sql.streaming",
          "spark.sql.artifact");

  /** The model, and what the prompts of rows are made of. */
  private static final List<ConfKey<?>> OF_PROMPTS =
      List.of(
          StrataKeys.MODEL,
          StrataKeys.TEXT_COLUMN,
          StrataKeys.ID_COLUMN,
          StrataKeys.MESSAGES_COLUMN,
          StrataKeys.PROMPT,
          StrataKeys.SYSTEM,
          StrataKeys.TO_LANGUAGE);

  /**
   * Reads them.
   *
   * @throws StrataException if the task is one that this version does not know
   */
  static KeptSettings of(KeptRun run) {
    Set<String> hidden = run.hiddenSettings();
    Map<String, String> known = new TreeMap<>();
    known.putAll(run.settings());
    known.keySet().removeAll(hidden);
    known
        .keySet()
        .retainAll(StrataKeys.all().stream().map(ConfKey::name).collect(Collectors.toSet()));
    List<ConfKey<?>> withSecrets =
        StrataKeys.all().stream().filter(key -> hidden.contains(key.name())).toList();
    return new KeptSettings(task(run), known, withSecrets);
  }

  private static Task task(KeptRun run) {
    return Arrays.stream(Task.values())
        .filter(task -> task.word().equals(run.command()))
        .findFirst()
        .orElseThrow(
            () ->
                StrataException.data(
                    "the run was a %s, which this version does not know; use the version that wrote"
                        + " it",
                    run.command()));
  }

  /**
   * What its rows were asked with.
   *
   * @throws StrataException if it cannot be told
   */
  GenerationOptions options() {
    StrataConf conf = Run.conf(settings);
    return task.options(conf);
  }

  /** What rows of this run and of another were asked with differently. */
  List<ConfKey<?>> differences(KeptSettings other) {
    return Stream.concat(OF_PROMPTS.stream(), Fingerprints.keys().stream())
        .filter(key -> !Objects.equals(settings.get(key.name()), other.settings.get(key.name())))
        .toList();
  }

  /** Spark's own settings that the values of rows look by, without secrets. */
  static Map<String, String> ofSql(KeptRun run) {
    Map<String, String> settings = run.settings();
    settings.keySet().removeAll(run.hiddenSettings());
    settings
        .keySet()
        .removeIf(
            name -> !name.startsWith(OF_SQL) || OF_PLACES.stream().anyMatch(name::startsWith));
    return settings;
  }
}
