package dev.strata.udfs.api;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The {@code spark.strata.*} keys of a run, all of them known and well-formed. */
public final class StrataConf {

  private static final List<String> NAMES =
      StrataKeys.all().stream().<String>map(ConfKey::name).toList();

  /** What the names of keys begin with that give models names. */
  private static final String MODELS = ConfKey.PREFIX + "models.";

  private final Map<String, Object> values;
  private final Map<String, String> models;

  private StrataConf(Map<String, Object> values, Map<String, String> models) {
    this.values = values;
    this.models = models;
  }

  /**
   * Reads the keys among {@code settings} that are Strata's.
   *
   * @throws StrataException if one is unknown or has a value that makes no sense
   */
  public static StrataConf of(Map<String, String> settings) {
    rejectUnknown(settings.keySet());
    Map<String, Object> values = new LinkedHashMap<>();
    for (ConfKey<?> key : StrataKeys.all()) {
      String text = settings.get(key.name());
      if (text != null) {
        values.put(key.name(), key.parse(text));
      }
    }
    return new StrataConf(values, models(settings));
  }

  /**
   * The same with other values of some keys.
   *
   * @throws StrataException as for {@link #of}
   */
  public StrataConf with(Map<String, String> settings) {
    StrataConf more = of(settings);
    Map<String, Object> all = new LinkedHashMap<>(values);
    all.putAll(more.values);
    Map<String, String> names = new TreeMap<>(models);
    names.putAll(more.models);
    return new StrataConf(all, names);
  }

  private static Map<String, String> models(Map<String, String> settings) {
    Map<String, String> models = new TreeMap<>();
    settings.forEach(
        (name, location) -> {
          if (name.startsWith(MODELS)) {
            models.put(name.substring(MODELS.length()), location.strip());
          }
        });
    return models;
  }

  /**
   * The same with another model.
   *
   * @param name as {@code spark.strata.models.NAME} gives it, or the directory of a checkpoint
   * @throws StrataException if it is neither
   */
  public StrataConf withModel(String name) {
    String location = models.getOrDefault(name, name.contains("/") ? name : null);
    if (location == null) {
      throw StrataException.usage(
          "no model has the name '%s'%s; set %s%s to its directory",
          name, Nearest.hint(name, List.copyOf(models.keySet())), MODELS, name);
    }
    return with(StrataKeys.MODEL, location);
  }

  /** The same with another value of a key. */
  public <T> StrataConf with(ConfKey<T> key, T value) {
    Map<String, Object> all = new LinkedHashMap<>(values);
    all.put(key.name(), value);
    return new StrataConf(all, models);
  }

  /** The key's value, its default where it is not set, or null where it has none. */
  @SuppressWarnings("unchecked") // of() put the key's own type there
  public <T> T get(ConfKey<T> key) {
    return (T) values.getOrDefault(key.name(), key.otherwise());
  }

  /** The key's value or default, if there is one. */
  public <T> Optional<T> find(ConfKey<T> key) {
    return Optional.ofNullable(get(key));
  }

  /**
   * The key's value.
   *
   * @throws StrataException if it is not set
   */
  public <T> T require(ConfKey<T> key) {
    return find(key)
        .orElseThrow(() -> StrataException.usage("%s (%s) is missing", key.option(), key.name()));
  }

  /** What executors start their engines with. */
  public EngineOptions engineOptions() {
    return new EngineOptions(
        absolute(require(StrataKeys.MODEL)),
        get(StrataKeys.DEVICE),
        get(StrataKeys.DEVICE_MEMORY),
        get(StrataKeys.HOST_MEMORY),
        get(StrataKeys.COMPUTE_TYPE),
        get(StrataKeys.TILE_SIZE),
        get(StrataKeys.WAVE_SIZE),
        get(StrataKeys.MICROBATCH_TOKENS),
        get(StrataKeys.THREADS),
        get(StrataKeys.WEIGHTS_MEMORY),
        get(StrataKeys.ROW_TOKENS),
        false,
        get(StrataKeys.KV_TYPE),
        get(StrataKeys.IO));
  }

  /** How a node comes by the model. */
  public ModelStaging modelStaging() {
    return new ModelStaging(
        ModelStaging.Mode.valueOf(get(StrataKeys.MODEL_STAGING).toUpperCase(Locale.ROOT)),
        get(StrataKeys.MODEL_CACHE_DIR),
        get(StrataKeys.MODEL_CACHE_SIZE));
  }

  /** A local path means the same to executors, which have working directories of their own. */
  private static String absolute(String location) {
    boolean isUri = location.matches("[A-Za-z][A-Za-z0-9+.-]*:.*");
    return isUri ? location : Path.of(location).toAbsolutePath().normalize().toString();
  }

  /** How rows become conversations: by the messages column, the prompt, or the text column. */
  public PromptOptions promptOptions() {
    String messages = get(StrataKeys.MESSAGES_COLUMN);
    String prompt = get(StrataKeys.PROMPT);
    String system = get(StrataKeys.SYSTEM);
    if (prompt != null && messages != null) {
      throw StrataException.usage(
          "%s (%s) and %s (%s) both say what the prompt is; give one of the two",
          StrataKeys.PROMPT.option(),
          StrataKeys.PROMPT.name(),
          StrataKeys.MESSAGES_COLUMN.option(),
          StrataKeys.MESSAGES_COLUMN.name());
    }
    if (prompt == null && messages == null) {
      return new PromptOptions("{{" + get(StrataKeys.TEXT_COLUMN) + "}}", system, null);
    }
    return new PromptOptions(prompt, system, messages);
  }

  /** The run's sampling options, open where nothing is set. */
  public SamplingOverrides samplingOverrides() {
    return new SamplingOverrides(
        get(StrataKeys.MAX_NEW_TOKENS),
        get(StrataKeys.REPETITION_PENALTY),
        get(StrataKeys.TEMPERATURE),
        get(StrataKeys.TOP_K),
        get(StrataKeys.TOP_P),
        get(StrataKeys.MIN_P),
        get(StrataKeys.STOP),
        get(StrataKeys.IGNORE_STOP_TOKENS),
        null,
        new TokenBans(
            get(StrataKeys.MIN_NEW_TOKENS),
            null,
            get(StrataKeys.NO_REPEAT_NGRAM_SIZE),
            null,
            null,
            null));
  }

  /**
   * All that tasks need to know.
   *
   * @param prompt how columns become conversations; null where questions are made otherwise
   */
  public GenerationOptions generationOptions(PromptOptions prompt) {
    return new GenerationOptions(
        engineOptions(),
        get(StrataKeys.IDLE_TIMEOUT),
        get(StrataKeys.STALL_TIMEOUT),
        modelStaging(),
        prompt == null
            ? null
            : prompt.withTemplate(
                get(StrataKeys.CHAT_TEMPLATE_NAME), get(StrataKeys.CHAT_TEMPLATE_KWARGS)),
        samplingOverrides(),
        get(StrataKeys.ID_COLUMN),
        get(StrataKeys.ROW_OPTIONS),
        get(StrataKeys.SEED),
        get(StrataKeys.LONG_PROMPTS).equals("truncate"),
        get(StrataKeys.DEDUPE),
        null,
        get(StrataKeys.READ_AHEAD_ROWS));
  }

  private static void rejectUnknown(Collection<String> settings) {
    for (String name : settings) {
      boolean isKnown = NAMES.contains(name) || name.startsWith(MODELS);
      if (name.startsWith(ConfKey.PREFIX) && !isKnown) {
        throw StrataException.usage("unknown key %s%s", name, Nearest.hint(name, NAMES));
      }
    }
  }
}
