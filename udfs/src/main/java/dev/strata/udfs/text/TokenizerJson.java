package dev.strata.udfs.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The members of a tokenizer.json, each as its text: as a tree the vocabulary and the merges would
 * be a hundred megabytes.
 */
final class TokenizerJson {

  private static final String MODEL = "model";

  private final Map<String, String> members;
  private final String origin;

  private TokenizerJson(Map<String, String> members, String origin) {
    this.members = members;
    this.origin = origin;
  }

  /**
   * Takes the file apart.
   *
   * @param origin the directory it is in, for messages
   * @throws StrataException if it is no object
   */
  static TokenizerJson parse(String json, String origin) {
    try {
      return new TokenizerJson(new MemberScanner(json).scan(), origin);
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw TokenizerFiles.unreadable(origin, TokenizerFiles.TOKENIZER, e);
    }
  }

  /** A member; null of JSON if there is none. */
  JsonElement member(String name) {
    if (!members.containsKey(name)) {
      return JsonNull.INSTANCE;
    }
    try (JsonReader reader = reader(name)) {
      JsonElement value = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new JsonParseException("'" + name + "' is no value");
      }
      return value;
    } catch (IOException | JsonParseException e) {
      throw TokenizerFiles.unreadable(origin, TokenizerFiles.TOKENIZER, e);
    }
  }

  /** Reads a member piece by piece; null of JSON if there is none. */
  JsonReader reader(String name) {
    JsonReader reader = new JsonReader(new StringReader(members.getOrDefault(name, "null")));
    reader.setStrictness(Strictness.STRICT);
    return reader;
  }

  /** The same file with another member in place of, or beside, its own. */
  TokenizerJson with(String name, JsonElement value) {
    Map<String, String> changed = new LinkedHashMap<>(members);
    changed.put(name, value.toString());
    return new TokenizerJson(changed, origin);
  }

  String origin() {
    return origin;
  }

  /** Where the file is, for messages. */
  String file() {
    return origin + "/" + TokenizerFiles.TOKENIZER;
  }

  /** Says that the file cannot be used. */
  StrataException unusable(String reason) {
    return StrataException.model("%s cannot be used: %s", file(), reason);
  }

  /** The file, with nothing in its small members but what {@link #member} reads of them. */
  String text() {
    return members.keySet().stream()
        .map(
            name ->
                new JsonPrimitive(name)
                    + ":"
                    + (name.equals(MODEL) ? members.get(name) : member(name)))
        .collect(Collectors.joining(",", "{", "}"));
  }

  /** Finds where each member begins and ends. */
  private static final class MemberScanner {
    private final String json;
    private int position;

    MemberScanner(String json) {
      this.json = json;
    }

    Map<String, String> scan() throws IOException {
      Map<String, String> members = new LinkedHashMap<>();
      expect('{');
      while (next() != '}') {
        String name = name();
        expect(':');
        if (members.put(name, value()) != null) {
          throw new IllegalStateException("it has '" + name + "' twice");
        }
        if (next() != '}') {
          expect(',');
        }
      }
      position++;
      if (next() != 0) {
        throw wrong("the end of the file");
      }
      return members;
    }

    private char next() {
      while (position < json.length() && " \t\r\n\ufeff".indexOf(json.charAt(position)) >= 0) {
        position++;
      }
      return position < json.length() ? json.charAt(position) : 0;
    }

    private void expect(char expected) {
      if (next() != expected) {
        throw wrong("'" + expected + "'");
      }
      position++;
    }

    private IllegalStateException wrong(String expected) {
      return new IllegalStateException(
          "it is no JSON object, character %d should be %s".formatted(position + 1, expected));
    }

    private String name() throws IOException {
      next();
      int start = position;
      skipString();
      try (JsonReader reader = new JsonReader(new StringReader(json.substring(start, position)))) {
        return reader.nextString();
      }
    }

    private void skipString() {
      if (next() != '"') {
        throw wrong("'\"'");
      }
      position++;
      while (position < json.length() && json.charAt(position) != '"') {
        position += json.charAt(position) == '\\' ? 2 : 1;
      }
      position++;
    }

    private String value() {
      next();
      int start = position;
      int depth = 0;
      while (position < json.length()) {
        char c = json.charAt(position);
        if (c == '"') {
          skipString();
          continue;
        }
        boolean closes = c == '}' || c == ']';
        if (depth == 0 && (closes || c == ',')) {
          break;
        }
        depth += c == '{' || c == '[' ? 1 : closes ? -1 : 0;
        position++;
      }
      if (position > json.length() || depth > 0 || start == position) {
        throw wrong("the rest of a value");
      }
      return json.substring(start, position);
    }
  }
}
