package dev.strata.udfs.text;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What tokenizer_config.json says of a tokenizer's tokens, put into its tokenizer.json as
 * transformers puts it into the tokenizer: tokens that are only there, and whether texts begin and
 * end with their tokens.
 */
final class ConfiguredTokens {

  private static final List<String> FLAGS =
      List.of("single_word", "lstrip", "rstrip", "normalized", "special");

  private final TokenizerJson json;
  private final JsonObject config;
  private final Map<String, Object> named;
  private final Map<String, JsonObject> added = new LinkedHashMap<>();
  private final Map<String, Integer> vocabulary = new HashMap<>();
  private long nextId;

  /**
   * @param named the special tokens by their names, as texts or lists of texts
   */
  ConfiguredTokens(TokenizerJson json, JsonObject config, Map<String, Object> named) {
    this.json = json;
    this.config = config;
    this.named = named;
  }

  /** The tokenizer.json with all of it. */
  TokenizerJson applied() throws IOException {
    JsonElement own = json.member("added_tokens");
    for (JsonElement token : own.isJsonNull() ? new JsonArray() : own.getAsJsonArray()) {
      added.put(token.getAsJsonObject().get("content").getAsString(), token.getAsJsonObject());
    }
    Map<String, JsonObject> wanted = wanted();
    boolean adds = !added.keySet().containsAll(wanted.keySet());
    if (adds) {
      findInVocabulary(wanted.keySet());
      wanted.forEach((content, token) -> added.computeIfAbsent(content, unused -> numbered(token)));
    }
    return withTemplate(adds ? json.with("added_tokens", tokens()) : json);
  }

  private JsonArray tokens() {
    JsonArray tokens = new JsonArray();
    added.values().forEach(tokens::add);
    return tokens;
  }

  /** The tokens that the configuration names, those with numbers first and in their order. */
  private Map<String, JsonObject> wanted() {
    Map<String, JsonObject> wanted = new LinkedHashMap<>();
    JsonElement decoder = config.get("added_tokens_decoder");
    if (decoder != null && decoder.isJsonObject()) {
      decoder.getAsJsonObject().entrySet().stream()
          .sorted(Comparator.comparingLong(entry -> Long.parseLong(entry.getKey())))
          .map(entry -> entry.getValue().getAsJsonObject())
          .forEach(token -> wanted.put(configured(token), withFlags(token)));
    }
    named.values().stream()
        .flatMap(
            value -> value instanceof Collection<?> many ? many.stream() : List.of(value).stream())
        .forEach(content -> wanted.computeIfAbsent((String) content, ConfiguredTokens::special));
    return wanted;
  }

  private String configured(JsonObject token) {
    return AddedTokenLimits.require(
        token.get("content").getAsString(), json.origin() + "/" + TokenizerFiles.CONFIG);
  }

  private static JsonObject special(String content) {
    JsonObject token = new JsonObject();
    token.addProperty("content", content);
    token.addProperty("special", true);
    return withFlags(token);
  }

  private static JsonObject withFlags(JsonObject token) {
    JsonObject flagged = new JsonObject();
    flagged.add("content", token.get("content"));
    for (String flag : FLAGS) {
      flagged.addProperty(flag, token.has(flag) && token.get(flag).getAsBoolean());
    }
    return flagged;
  }

  /** The token with the number that the tokenizers library gives it. */
  private JsonObject numbered(JsonObject token) {
    Integer known = vocabulary.get(token.get("content").getAsString());
    token.addProperty("id", known == null ? nextId++ : known);
    return token;
  }

  private void findInVocabulary(Collection<String> contents) throws IOException {
    try (JsonReader model = json.reader("model")) {
      model.beginObject();
      while (model.hasNext()) {
        if (model.nextName().equals("vocab")) {
          readVocabulary(model, contents);
        } else {
          model.skipValue();
        }
      }
    }
    for (JsonObject token : added.values()) {
      nextId = Math.max(nextId, token.get("id").getAsLong() + 1);
    }
  }

  private void readVocabulary(JsonReader model, Collection<String> contents) throws IOException {
    boolean scored = model.peek() == JsonToken.BEGIN_ARRAY;
    if (scored) {
      model.beginArray();
    } else {
      model.beginObject();
    }
    for (; model.hasNext(); nextId++) {
      String content = scored ? scoredToken(model) : model.nextName();
      int id = scored ? Math.toIntExact(nextId) : model.nextInt();
      if (contents.contains(content)) {
        vocabulary.put(content, id);
      }
    }
    if (scored) {
      model.endArray();
    } else {
      model.endObject();
    }
  }

  private static String scoredToken(JsonReader model) throws IOException {
    model.beginArray();
    String content = model.nextString();
    while (model.hasNext()) {
      model.skipValue();
    }
    model.endArray();
    return content;
  }

  /** The template of the post-processor with the begin and end that the configuration wants. */
  private TokenizerJson withTemplate(TokenizerJson tokens) {
    Boolean begins = flag("add_bos_token");
    Boolean ends = flag("add_eos_token");
    if (begins == null && ends == null) {
      return tokens;
    }
    TemplateEnds template = new TemplateEnds(tokens.member("post_processor"));
    template.set(token("bos_token", begins), begins, true);
    template.set(token("eos_token", ends), ends, false);
    return template.isChanged() ? tokens.with("post_processor", template.processor()) : tokens;
  }

  private Boolean flag(String name) {
    JsonElement flag = config.get(name);
    boolean given = flag != null && flag.isJsonPrimitive() && flag.getAsJsonPrimitive().isBoolean();
    return given ? (Boolean) flag.getAsBoolean() : null;
  }

  private JsonObject token(String name, Boolean wanted) {
    Object content = named.get(name);
    if (content == null && Boolean.TRUE.equals(wanted)) {
      throw json.unusable(
          "tokenizer_config.json has add_%s, and no %s to add".formatted(name, name));
    }
    return content == null ? null : added.get((String) content);
  }
}
