package dev.strata.udfs.text;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.IOException;
import java.io.Serializable;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Variables that a chat template is given besides the conversation, such as {@code
 * enable_thinking}: what vLLM and other servers call {@code chat_template_kwargs}. They lie over
 * what templates are given anyway, special tokens and {@code add_generation_prompt} among them. And
 * which of a model's templates it is that is given them.
 */
public final class TemplateArguments implements Serializable {

  private static final long serialVersionUID = 1L;

  /** The name that people know them by. */
  public static final String NAME = "chat_template_kwargs";

  /** No arguments. */
  public static final TemplateArguments NONE = new TemplateArguments(new TreeMap<>(), null);

  /**
   * The conversation, and the arguments of {@code apply_chat_template} that say what else happens
   * to it; none of them is a variable of a template.
   */
  private static final List<String> REFUSED =
      List.of(
          "chat_template",
          "continue_final_message",
          "conversation",
          "max_length",
          "messages",
          "padding",
          "return_assistant_tokens_mask",
          "return_dict",
          "return_tensors",
          "tokenize",
          "tokenizer_kwargs",
          "truncation");

  private static final int MOST_DEPTH = 64;
  private static final int MOST_DIGITS = 400;
  private static final int SHOWN_CHARS = 60;

  private static final Gson JSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private final TreeMap<String, Object> values;
  private final String template;

  private TemplateArguments(SortedMap<String, Object> values, String template) {
    this.values = new TreeMap<>(values);
    this.template = template;
  }

  /**
   * Reads a JSON object.
   *
   * @throws RowException if it is something else, or names what is no variable
   */
  public static TemplateArguments parse(String json) {
    TreeMap<String, Object> values = new TreeMap<>(object(json));
    for (String name : REFUSED) {
      if (values.containsKey(name)) {
        throw new RowException(
            "%s names '%s', which is no variable of a template; leave it out"
                .formatted(NAME, name));
      }
    }
    return new TemplateArguments(values, null);
  }

  /**
   * Those of all rows of a run.
   *
   * @param template the name of the chat template; null for the one that fits
   * @param json null for none
   * @throws StrataException if they cannot be read
   */
  public static TemplateArguments ofRun(String template, String json) {
    try {
      return new TemplateArguments(json == null ? NONE.values : parse(json).values, template);
    } catch (RowException e) {
      ConfKey<String> key = StrataKeys.CHAT_TEMPLATE_KWARGS;
      throw new StrataException(
          StrataException.Fault.USAGE,
          "%s (%s): %s".formatted(key.option(), key.name(), e.getMessage()),
          e);
    }
  }

  private static Map<String, Object> object(String json) {
    JsonReader reader = new JsonReader(new StringReader(json));
    reader.setStrictness(Strictness.STRICT);
    try {
      if (reader.peek() != JsonToken.BEGIN_OBJECT) {
        throw invalid(json, null);
      }
      Map<String, Object> object = object(reader, 1);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw invalid(json, null);
      }
      return object;
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw invalid(json, e);
    }
  }

  private static Map<String, Object> object(JsonReader reader, int depth) throws IOException {
    requireDepth(depth);
    Map<String, Object> object = new LinkedHashMap<>();
    reader.beginObject();
    while (reader.hasNext()) {
      object.put(reader.nextName(), value(reader, depth));
    }
    reader.endObject();
    return object;
  }

  private static List<Object> array(JsonReader reader, int depth) throws IOException {
    requireDepth(depth);
    List<Object> array = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      array.add(value(reader, depth));
    }
    reader.endArray();
    return array;
  }

  private static Object value(JsonReader reader, int depth) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object(reader, depth + 1);
      case BEGIN_ARRAY -> array(reader, depth + 1);
      case STRING -> reader.nextString();
      case BOOLEAN -> reader.nextBoolean();
      case NUMBER -> number(reader.nextString());
      case NULL -> {
        reader.nextNull();
        yield null;
      }
      default -> throw new IllegalStateException("a value is missing");
    };
  }

  /** As Python reads it: what has neither a point nor an exponent is an int. */
  private static Object number(String digits) {
    if (digits.length() > MOST_DIGITS) {
      throw outOfRange(digits);
    }
    if (digits.chars().noneMatch(c -> c == '.' || c == 'e' || c == 'E')) {
      return integer(digits);
    }
    double real = Double.parseDouble(digits);
    if (Double.isInfinite(real)) {
      throw outOfRange(digits);
    }
    return real;
  }

  private static Long integer(String digits) {
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw outOfRange(digits);
    }
  }

  private static void requireDepth(int depth) {
    if (depth > MOST_DEPTH) {
      throw new RowException("%s is nested deeper than %d levels".formatted(NAME, MOST_DEPTH));
    }
  }

  private static RowException outOfRange(String digits) {
    return new RowException(
        "%s has the number %s, which is out of range".formatted(NAME, shown(digits)));
  }

  private static RowException invalid(String json, Exception cause) {
    return new RowException(
        "%s is '%s'; it must be a JSON object such as {\"enable_thinking\": false}"
            .formatted(NAME, shown(json)),
        cause);
  }

  private static String shown(String text) {
    String start = text.substring(0, Math.min(text.length(), SHOWN_CHARS));
    return start.replaceAll("\\p{Cntrl}", " ") + (start.length() < text.length() ? "..." : "");
  }

  /** These, and those of the others that have no namesake among them. */
  public TemplateArguments over(TemplateArguments others) {
    if (isEmpty() || others.isEmpty()) {
      return isEmpty() ? others : this;
    }
    TreeMap<String, Object> all = new TreeMap<>(others.values);
    all.putAll(values);
    return new TemplateArguments(all, template != null ? template : others.template);
  }

  public boolean isEmpty() {
    return values.isEmpty() && template == null;
  }

  /** The name of the chat template that is asked for; null for the one that fits. */
  public String template() {
    return template;
  }

  /** Their names, in order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(values.keySet());
  }

  /** The values by name, as {@link dev.strata.udfs.jinja.Template#render} takes them. */
  SortedMap<String, Object> values() {
    return Collections.unmodifiableSortedMap(values);
  }

  /** Plans that ask alike are found by it. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TemplateArguments arguments
        && values.equals(arguments.values)
        && Objects.equals(template, arguments.template);
  }

  @Override
  public int hashCode() {
    return Objects.hash(values, template);
  }

  /** A JSON object with the variables, their names in order. */
  @Override
  public String toString() {
    return JSON.toJson(values);
  }
}
