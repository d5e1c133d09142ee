package dev.strata.udfs.jinja;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The renders that {@code make_goldens.py} made with Python's jinja2. */
final class Goldens {
  /** The time that the generator's {@code strftime_now} shows. */
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-05T14:07:09Z"), ZoneOffset.UTC);

  static final RenderOptions OPTIONS = new RenderOptions(CLOCK, Limits.DEFAULT);

  private Goldens() {}

  /**
   * What became of a template: its output, or that it failed, with the message if it raised one.
   */
  record Result(String output, String raised, boolean failed) {

    static Result of(JsonObject golden) {
      if (golden.has("output")) {
        return new Result(golden.get("output").getAsString(), null, false);
      }
      String raised = golden.has("raised") ? golden.get("raised").getAsString() : null;
      return new Result(null, raised, true);
    }

    static Result render(String source, Map<String, Object> variables) {
      try {
        return new Result(Template.parse(source).render(variables, OPTIONS), null, false);
      } catch (TemplateException e) {
        return new Result(null, e.raisedByTemplate() ? e.getMessage() : null, true);
      }
    }
  }

  static String resource(String name) {
    try (InputStream stream = Goldens.class.getResourceAsStream("/jinja/" + name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonObject json(String name) {
    return JsonParser.parseString(resource(name)).getAsJsonObject();
  }

  static Map<String, Object> variables(JsonElement object) {
    Map<String, Object> variables = new LinkedHashMap<>();
    object
        .getAsJsonObject()
        .entrySet()
        .forEach(e -> variables.put(e.getKey(), value(e.getValue())));
    return variables;
  }

  private static Object value(JsonElement element) {
    if (element instanceof JsonObject object) {
      return variables(object);
    }
    if (element instanceof JsonArray array) {
      List<Object> list = new ArrayList<>();
      array.forEach(item -> list.add(value(item)));
      return list;
    }
    return element instanceof JsonPrimitive primitive ? scalar(primitive) : null;
  }

  private static Object scalar(JsonPrimitive primitive) {
    if (primitive.isBoolean()) {
      return primitive.getAsBoolean();
    }
    if (primitive.isString()) {
      return primitive.getAsString();
    }
    String number = primitive.getAsString();
    return number.matches("-?\\d+") ? (Object) Long.valueOf(number) : Double.valueOf(number);
  }
}
