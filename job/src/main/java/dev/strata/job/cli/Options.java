package dev.strata.job.cli;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.JsonTexts;
import dev.strata.udfs.api.StrataKeys;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Options are names for keys: they take texts, and the configuration reads them. */
final class Options {

  /** Options that may be given several times. */
  private static final Set<ConfKey<?>> REPEATED =
      Set.of(StrataKeys.STOP, StrataKeys.INPUT_OPTIONS, StrataKeys.OUTPUT_OPTIONS);

  private Options() {}

  static OptionSpec of(ConfKey<?> key) {
    OptionSpec.Builder option =
        OptionSpec.builder(key.option()).userObject(key).description(description(key));
    Optional<String> alone = key.type().alone();
    if (alone.isPresent()) {
      return option.type(String.class).arity("0..1").fallbackValue(alone.get()).build();
    }
    if (REPEATED.contains(key)) {
      return option
          .type(List.class)
          .auxiliaryTypes(String.class)
          .paramLabel(key.equals(StrataKeys.STOP) ? "<text>" : "<name=value>")
          .build();
    }
    return option.type(String.class).paramLabel("<" + leaf(key) + ">").build();
  }

  /** The keys that a command line sets. */
  static Map<String, String> settings(ParseResult command) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (OptionSpec option : command.matchedOptions()) {
      if (option.userObject() instanceof ConfKey<?> key) {
        settings.put(key.name(), text(option.getValue()));
      }
    }
    return settings;
  }

  /** An option that is given several times becomes one value. */
  private static String text(Object value) {
    if (value instanceof List<?> texts) {
      return texts.size() == 1
          ? texts.get(0).toString()
          : JsonTexts.format(texts.stream().map(Object::toString).toList());
    }
    return value.toString();
  }

  private static String description(ConfKey<?> key) {
    Object otherwise = key.otherwise();
    boolean worthSaying =
        otherwise != null
            && !List.of().equals(otherwise)
            && !Map.of().equals(otherwise)
            && !Boolean.FALSE.equals(otherwise);
    String text = worthSaying ? key.doc() + " Default: " + shown(key) + "." : key.doc();
    return text.replace("%", "%%");
  }

  /** A key's default, as a person writes it. */
  static String shown(ConfKey<?> key) {
    if (key.otherwise() instanceof Duration time) {
      return time.toSeconds() % 60 == 0 ? time.toMinutes() + "min" : time.toSeconds() + "s";
    }
    if (!(key.otherwise() instanceof Long size)) {
      return key.otherwise().toString();
    }
    return size < 0 ? "auto" : size >= 1L << 30 ? (size >> 30) + "g" : size.toString();
  }

  private static String leaf(ConfKey<?> key) {
    String option = key.option();
    return option.substring(option.lastIndexOf('-') + 1);
  }
}
