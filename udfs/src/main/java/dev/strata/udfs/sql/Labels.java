package dev.strata.udfs.sql;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.LabelNames;
import java.io.IOException;
import java.io.Serializable;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;

/** Labels that are the same for all rows. */
final class Labels {

  /**
   * A label.
   *
   * @param description what it stands for; null where its name says it
   */
  record Label(String name, String description) implements Serializable {

    /** As prompts show it. */
    String shown() {
      return description == null ? name : name + " (" + description + ")";
    }
  }

  private static final int FEWEST_IN_JSON = 2;
  private static final int SHOWN_CHARS = 60;

  private Labels() {}

  /** The names of a constant array. */
  static List<String> of(Object constant) {
    List<String> labels = new ArrayList<>();
    for (Object label : (List<?>) constant) {
      labels.add(label == null ? "" : label.toString());
    }
    return List.copyOf(labels);
  }

  /**
   * Labels as JSON has them: an array of names, or an object of names with their descriptions.
   *
   * @throws StrataException if it is neither, or there are not from 2 to 500 different names
   */
  static List<Label> ofJson(String function, String json) {
    List<Label> labels = parsed(function, json);
    LabelNames.check(function, labels.stream().map(Label::name).toList());
    if (labels.size() < FEWEST_IN_JSON) {
      throw StrataException.usage(
          "%s: the only label is '%s'; labels in JSON must be %d or more",
          function, labels.get(0).name(), FEWEST_IN_JSON);
    }
    return labels;
  }

  private static List<Label> parsed(String function, String json) {
    JsonReader reader = new JsonReader(new StringReader(json));
    reader.setStrictness(Strictness.STRICT);
    try {
      List<Label> labels = reader.peek() == JsonToken.BEGIN_ARRAY ? names(reader) : pairs(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new MalformedJsonException("something follows");
      }
      return labels;
    } catch (IOException | IllegalStateException e) {
      String shown = json.length() <= SHOWN_CHARS ? json : json.substring(0, SHOWN_CHARS) + "...";
      throw new StrataException(
          StrataException.Fault.USAGE,
          "%s: the labels are '%s'; a text must be a JSON array of names such as"
                  .formatted(function, shown)
              + " '[\"urgent\", \"other\"]', or an object of names with descriptions such as"
              + " '{\"urgent\": \"has to be answered today\", \"other\": \"may wait\"}'",
          e);
    }
  }

  private static List<Label> names(JsonReader reader) throws IOException {
    List<Label> labels = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      labels.add(new Label(text(reader), null));
    }
    reader.endArray();
    return labels;
  }

  private static List<Label> pairs(JsonReader reader) throws IOException {
    List<Label> labels = new ArrayList<>();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      String description = text(reader);
      labels.add(new Label(name, description.isBlank() ? null : description));
    }
    reader.endObject();
    return labels;
  }

  private static String text(JsonReader reader) throws IOException {
    if (reader.peek() != JsonToken.STRING) {
      throw new MalformedJsonException("no text");
    }
    return reader.nextString();
  }
}
