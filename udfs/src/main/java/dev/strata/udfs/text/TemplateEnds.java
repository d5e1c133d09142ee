package dev.strata.udfs.text;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;

/** The tokens before and behind a text in a post-processor's template. */
final class TemplateEnds {

  private static final String TEXT =
      """
      {"type": "TemplateProcessing",
       "single": [{"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
       "special_tokens": {}}
      """;

  private final List<JsonElement> processors = new ArrayList<>();
  private final JsonObject template;
  private boolean changed;

  /**
   * @param processor the post-processor, null of JSON if there is none
   */
  TemplateEnds(JsonElement processor) {
    addAll(processor);
    template =
        processors.stream()
            .map(JsonElement::getAsJsonObject)
            .filter(part -> type(part).equals("TemplateProcessing"))
            .findFirst()
            .orElseGet(this::addTemplate);
  }

  private void addAll(JsonElement processor) {
    if (processor.isJsonObject() && type(processor.getAsJsonObject()).equals("Sequence")) {
      processor.getAsJsonObject().getAsJsonArray("processors").forEach(this::addAll);
    } else if (!processor.isJsonNull()) {
      processors.add(processor.deepCopy());
    }
  }

  private static String type(JsonObject part) {
    JsonElement type = part.get("type");
    return type == null || !type.isJsonPrimitive() ? "" : type.getAsString();
  }

  private JsonObject addTemplate() {
    JsonObject added = JsonParser.parseString(TEXT).getAsJsonObject();
    processors.add(added);
    return added;
  }

  /**
   * Makes the template begin or end with a token, or not.
   *
   * @param token null if there is none of that name
   * @param wanted null to leave it as it is
   */
  void set(JsonObject token, Boolean wanted, boolean first) {
    if (token == null || wanted == null) {
      return;
    }
    String content = token.get("content").getAsString();
    List<JsonElement> pieces = new ArrayList<>(template.getAsJsonArray("single").asList());
    int edge = first ? 0 : pieces.size() - 1;
    boolean present = !pieces.isEmpty() && isToken(pieces.get(edge), content);
    if (present == wanted) {
      return;
    }
    changed = true;
    if (present) {
      pieces.remove(edge);
    } else {
      pieces.add(first ? 0 : pieces.size(), piece(content));
      template.getAsJsonObject("special_tokens").add(content, ids(token, content));
    }
    JsonArray single = new JsonArray();
    pieces.forEach(single::add);
    template.add("single", single);
  }

  private static boolean isToken(JsonElement piece, String content) {
    JsonObject token = piece.getAsJsonObject().getAsJsonObject("SpecialToken");
    return token != null && token.get("id").getAsString().equals(content);
  }

  private static JsonObject piece(String content) {
    JsonObject token = new JsonObject();
    token.addProperty("id", content);
    token.addProperty("type_id", 0);
    JsonObject piece = new JsonObject();
    piece.add("SpecialToken", token);
    return piece;
  }

  private static JsonObject ids(JsonObject token, String content) {
    JsonArray ids = new JsonArray();
    ids.add(token.get("id"));
    JsonArray tokens = new JsonArray();
    tokens.add(content);
    JsonObject special = new JsonObject();
    special.addProperty("id", content);
    special.add("ids", ids);
    special.add("tokens", tokens);
    return special;
  }

  boolean isChanged() {
    return changed;
  }

  /** The post-processor with the template in it. */
  JsonElement processor() {
    if (processors.size() == 1) {
      return template;
    }
    JsonArray parts = new JsonArray();
    processors.forEach(parts::add);
    JsonObject sequence = new JsonObject();
    sequence.addProperty("type", "Sequence");
    sequence.add("processors", parts);
    return sequence;
  }
}
