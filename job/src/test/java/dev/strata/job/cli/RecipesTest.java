package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.StrataConf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** Settings and recipes name keys, options and fields that there are. */
class RecipesTest {

  private static final Path ROOT = Path.of(System.getProperty("strata.root"));
  private static final Path RECIPES = ROOT.resolve("submit-scripts/recipes");

  private static final String TEXT = "text";
  private static final String NUMBER = "number";
  private static final String TEXTS = "texts";
  private static final String MAP = "map";
  private static final String LIST = "list";

  /** The fields that {@code sparkoperator.k8s.io/v1beta2} has, of those that one would use. */
  private static final Map<String, String> SCHEDULED =
      Map.of(
          "schedule", TEXT,
          "concurrencyPolicy", "Allow|Forbid|Replace",
          "suspend", "flag",
          "successfulRunHistoryLimit", NUMBER,
          "failedRunHistoryLimit", NUMBER,
          "template", MAP);

  private static final Map<String, String> APPLICATION =
      Map.ofEntries(
          Map.entry("type", "Java|Python|Scala|R"),
          Map.entry("mode", "cluster|client"),
          Map.entry("sparkVersion", TEXT),
          Map.entry("image", TEXT),
          Map.entry("imagePullPolicy", TEXT),
          Map.entry("mainClass", TEXT),
          Map.entry("mainApplicationFile", TEXT),
          Map.entry("arguments", TEXTS),
          Map.entry("sparkConf", MAP),
          Map.entry("hadoopConf", MAP),
          Map.entry("restartPolicy", MAP),
          Map.entry("timeToLiveSeconds", NUMBER),
          Map.entry("volumes", LIST),
          Map.entry("driver", MAP),
          Map.entry("executor", MAP));

  private static final Map<String, String> RESTART =
      Map.of(
          "type", "Never|Always|OnFailure",
          "onFailureRetries", NUMBER,
          "onFailureRetryInterval", NUMBER,
          "onSubmissionFailureRetries", NUMBER,
          "onSubmissionFailureRetryInterval", NUMBER);

  private static final Map<String, String> POD =
      Map.of(
          "cores", NUMBER,
          "instances", NUMBER,
          "memory", TEXT,
          "memoryOverhead", TEXT,
          "serviceAccount", TEXT,
          "env", LIST,
          "nodeSelector", MAP,
          "tolerations", LIST,
          "volumeMounts", LIST);

  /** What {@code SparkSubmitOperator} takes, of its own and of every operator. */
  private static final Set<String> SPARK_SUBMIT_OPERATOR =
      Set.of(
          "application",
          "conf",
          "conn_id",
          "files",
          "archives",
          "jars",
          "java_class",
          "packages",
          "executor_cores",
          "executor_memory",
          "driver_memory",
          "name",
          "num_executors",
          "application_args",
          "env_vars",
          "properties_file",
          "deploy_mode",
          "task_id");

  private static final Set<String> DAG =
      Set.of("dag_id", "schedule", "start_date", "catchup", "max_active_runs", "default_args");

  @ParameterizedTest
  @ValueSource(strings = {"summarize.properties", "nightly-translation.properties"})
  void settingsAreKeysWithValues(String name) throws IOException {
    Pattern setting = Pattern.compile("(?m)^(?:# )?(spark\\.\\S+) +(\\S.*)$");
    String text = Files.readString(ROOT.resolve("conf").resolve(name));
    List<MatchResult> found = setting.matcher(text).results().toList();
    assertThat(found).hasSizeGreaterThan(8);
    for (MatchResult one : found) {
      StrataConf.of(Map.of(one.group(1), one.group(2).strip()));
    }
  }

  @Test
  void kubernetesKnowsTheFields() throws IOException {
    Map<String, Object> recipe = yaml("kubernetes/scheduled-translation.yaml");
    assertThat(recipe)
        .containsEntry("apiVersion", "sparkoperator.k8s.io/v1beta2")
        .containsEntry("kind", "ScheduledSparkApplication")
        .containsOnlyKeys("apiVersion", "kind", "metadata", "spec");
    Map<String, Object> spec = checked(recipe.get("spec"), SCHEDULED);
    Map<String, Object> template = checked(spec.get("template"), APPLICATION);
    assertThat(template)
        .containsKeys("type", "sparkVersion", "mainApplicationFile", "driver", "executor");
    checked(template.get("restartPolicy"), RESTART);
    checked(template.get("driver"), POD);
    checked(template.get("executor"), POD);
  }

  @Test
  void kubernetesRunsACommandThatThereIs() throws IOException {
    Map<String, Object> spec = map(yaml("kubernetes/scheduled-translation.yaml").get("spec"));
    Map<String, Object> template = map(spec.get("template"));
    assertThat(template).containsEntry("mainClass", Strata.class.getName());
    CommandTree.build().parseArgs(texts(template.get("arguments")).toArray(String[]::new));
    StrataConf.of(
        map(template.get("sparkConf")).entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> (String) entry.getValue())));
  }

  @Test
  void airflowKnowsTheArguments() throws Exception {
    Path recipe = RECIPES.resolve("airflow_nightly_translation.py");
    String text = Files.readString(recipe);
    assertThat(keywords(text, "with DAG\\((.*?)\\) as dag:", 4)).isSubsetOf(DAG);
    assertThat(keywords(text, "SparkSubmitOperator\\(\n(.*)\\)", 8))
        .contains("application", "java_class", "application_args")
        .isSubsetOf(SPARK_SUBMIT_OPERATOR);
    assertThat(text).contains("java_class=\"" + Strata.class.getName() + '"');
    Stream<String> arguments =
        Pattern.compile("(?m)^ {12}\"(--[a-z-]+)\",$")
            .matcher(text)
            .results()
            .map(found -> found.group(1));
    assertThat(arguments)
        .isNotEmpty()
        .isSubsetOf(
            CommandTree.build()
                .getSubcommands()
                .get("translate")
                .getCommandSpec()
                .optionsMap()
                .keySet());
  }

  private static List<String> keywords(String text, String call, int indent) {
    MatchResult found =
        Pattern.compile(call, Pattern.DOTALL).matcher(text).results().findFirst().orElseThrow();
    return Pattern.compile("(?m)^ {" + indent + "}(\\w+)=")
        .matcher(found.group(1))
        .results()
        .map(one -> one.group(1))
        .toList();
  }

  private static Map<String, Object> yaml(String name) throws IOException {
    return map(new Yaml().load(Files.readString(RECIPES.resolve(name))));
  }

  /** An object whose fields are all known and of their types. */
  private static Map<String, Object> checked(Object value, Map<String, String> fields) {
    Map<String, Object> object = map(value);
    assertThat(fields.keySet()).containsAll(object.keySet());
    object.forEach(
        (name, field) -> assertThat(isOf(fields.get(name), field)).as("%s", name).isTrue());
    return object;
  }

  private static boolean isOf(String type, Object value) {
    return switch (type) {
      case TEXT -> value instanceof String;
      case NUMBER -> value instanceof Integer;
      case "flag" -> value instanceof Boolean;
      case MAP -> value instanceof Map;
      case LIST -> value instanceof List;
      case TEXTS -> texts(value) != null;
      default -> ((String) value).matches(type);
    };
  }

  private static List<String> texts(Object value) {
    return ((List<?>) value).stream().map(String.class::cast).toList();
  }

  @SuppressWarnings("unchecked") // YAML's own type
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }
}
