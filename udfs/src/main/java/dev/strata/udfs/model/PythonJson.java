package dev.strata.udfs.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JSON as Python writes it: strict, but for {@code NaN} and {@code Infinity}. */
public final class PythonJson {

  private static final Pattern PLACE = Pattern.compile("line \\d+ column \\d+");

  private static final List<String> NO_NUMBERS = List.of("NaN", "Infinity", "-Infinity");
  private static final String NO_NUMBERS_BEGIN = "NI-";

  private PythonJson() {}

  /**
   * Reads a file. What is no number reads as a string of its name, which no number's field takes.
   *
   * @param origin the file's path, for messages
   * @throws StrataException if it is no JSON
   */
  public static JsonElement parse(String json, String origin) {
    requireDownloaded(json, origin);
    try {
      return parseStrictly(json);
    } catch (JsonParseException | IOException e) {
      return parseWithoutNumbers(json, origin);
    }
  }

  private static JsonElement parseStrictly(String json) throws IOException {
    JsonReader reader = new JsonReader(new StringReader(json));
    reader.setStrictness(Strictness.STRICT);
    JsonElement element = JsonParser.parseReader(reader);
    // Throws where the text goes on behind the value.
    var unused = reader.peek();
    return element;
  }

  private static JsonElement parseWithoutNumbers(String json, String origin) {
    try {
      return parseStrictly(quotingNoNumbers(json));
    } catch (JsonParseException | IOException e) {
      throw new StrataException(
          StrataException.Fault.MODEL,
          String.format("%s is not valid JSON%s; download the file again", origin, place(e)),
          e);
    }
  }

  private static String quotingNoNumbers(String json) {
    StringBuilder quoted = new StringBuilder();
    boolean inString = false;
    int i = 0;
    while (i < json.length()) {
      String found = inString ? "" : noNumberAt(json, i);
      if (found.isEmpty()) {
        char c = json.charAt(i);
        boolean escapes = inString && c == '\\' && i + 1 < json.length();
        inString ^= c == '"';
        quoted.append(json, i, i + (escapes ? 2 : 1));
        i += escapes ? 2 : 1;
      } else {
        quoted.append('"').append(found).append('"');
        i += found.length();
      }
    }
    return quoted.toString();
  }

  /** Asked of every character: no object is made for one. */
  private static String noNumberAt(String json, int index) {
    if (NO_NUMBERS_BEGIN.indexOf(json.charAt(index)) < 0) {
      return "";
    }
    return NO_NUMBERS.stream().filter(name -> json.startsWith(name, index)).findFirst().orElse("");
  }

  /** Gson's messages have several lines and advice for programmers; only the place is of use. */
  private static String place(Throwable e) {
    Matcher place = PLACE.matcher(String.valueOf(e.getMessage()));
    return place.find() ? " at " + place.group() : "";
  }

  /**
   * Checks that a file is not what a download left in its place.
   *
   * @param origin the file's path, for messages
   * @throws StrataException if it is a pointer of Git LFS or an HTML page
   */
  public static void requireDownloaded(String text, String origin) {
    String start = text.substring(0, Math.min(text.length(), 200)).strip();
    if (start.startsWith("version https://git-lfs")) {
      throw StrataException.model(
          "%s is a pointer of Git LFS, not the file itself; fetch it with 'git lfs pull'", origin);
    }
    if (start.regionMatches(true, 0, "<!doctype html", 0, 14)
        || start.regionMatches(true, 0, "<html", 0, 5)) {
      throw StrataException.model(
          "%s is an HTML page, not the file itself; download it again, logged in if the model asks"
              + " for it",
          origin);
    }
  }
}
