package dev.strata.udfs.text;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.FileNames;
import dev.strata.udfs.model.PythonJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The files beside a checkpoint that say how its text is made, as transformers reads them. */
final class TokenizerFiles {

  static final String TOKENIZER = "tokenizer.json";
  static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL_TOKENS = "special_tokens_map.json";
  private static final String CHAT_TEMPLATE = "chat_template.jinja";

  /** PreTrainedTokenizerBase.SPECIAL_TOKENS_ATTRIBUTES of transformers, the single ones. */
  private static final List<String> SINGLE_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private static final String MORE_TOKENS = "additional_special_tokens";
  private static final String NAMED_TOKENS = "extra_special_tokens";

  private final Function<String, Optional<byte[]>> files;
  private final List<String> templateNames;
  private final String origin;
  private final JsonObject config;

  /**
   * @param files the content of a file by its name, empty if there is none
   * @param templateNames the names of the templates in additional_chat_templates
   * @param origin the directory they are in, for messages
   */
  TokenizerFiles(
      Function<String, Optional<byte[]>> files, List<String> templateNames, String origin) {
    this.files = files;
    this.templateNames = templateNames;
    this.origin = origin;
    this.config = readObject(CONFIG);
  }

  /** The content of tokenizer.json, with what tokenizer_config.json says of its tokens. */
  TokenizerJson tokenizer() {
    String json =
        read(TOKENIZER)
            .orElseThrow(
                () ->
                    StrataException.model(
                        "%s has no tokenizer.json: a model's text is read with the tokenizer that"
                            + " came with it",
                        origin));
    try {
      return new ConfiguredTokens(TokenizerJson.parse(json, origin), config, specialTokens())
          .applied();
    } catch (StrataException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // whatever a part of another form leads to
      throw unreadable(origin, TOKENIZER, e);
    }
  }

  /** The ids and texts of the special tokens that a tokenizer.json adds to the vocabulary. */
  static Map<Integer, String> specialIds(TokenizerJson json) {
    Map<Integer, String> ids = new HashMap<>();
    JsonElement added = json.member("added_tokens");
    try {
      for (JsonElement element : added.isJsonNull() ? new JsonArray() : added.getAsJsonArray()) {
        JsonObject token = element.getAsJsonObject();
        if (token.has("special") && token.get("special").getAsBoolean()) {
          ids.put(Integer.valueOf(string(token, "id")), string(token, "content"));
        }
      }
      return ids;
    } catch (IllegalStateException | UnsupportedOperationException | NumberFormatException e) {
      throw unreadable(json.origin(), TOKENIZER, e);
    }
  }

  /**
   * The chat templates by their names, those in files of their own first; tokenizer_config.json
   * counts where none of these is the default. Empty if there is none.
   */
  Map<String, String> chatTemplates() {
    Map<String, String> templates = new LinkedHashMap<>();
    read(CHAT_TEMPLATE).ifPresent(source -> templates.put(ChatTemplates.DEFAULT, source));
    for (String name : templateNames) {
      read(FileNames.template(name)).ifPresent(source -> templates.putIfAbsent(name, source));
    }
    if (!templates.containsKey(ChatTemplates.DEFAULT)) {
      configuredTemplates().forEach(templates::putIfAbsent);
    }
    return templates;
  }

  private Map<String, String> configuredTemplates() {
    JsonElement template = config.get("chat_template");
    if (template == null || template.isJsonNull()) {
      return Map.of();
    }
    try {
      if (template.isJsonPrimitive()) {
        return Map.of(ChatTemplates.DEFAULT, template.getAsString());
      }
      return template.isJsonObject() ? byName(template.getAsJsonObject()) : byName(template);
    } catch (IllegalStateException | UnsupportedOperationException e) {
      throw unreadable(origin, CONFIG, e);
    }
  }

  private static Map<String, String> byName(JsonElement templates) {
    Map<String, String> byName = new LinkedHashMap<>();
    for (JsonElement element : templates.getAsJsonArray()) {
      JsonObject named = element.getAsJsonObject();
      byName.put(string(named, "name"), string(named, "template"));
    }
    return byName;
  }

  private static Map<String, String> byName(JsonObject templates) {
    Map<String, String> byName = new LinkedHashMap<>();
    templates.keySet().forEach(name -> byName.put(name, string(templates, name)));
    return byName;
  }

  /**
   * The special tokens by the names that templates know them by; those that are not set are absent.
   * As in transformers, special_tokens_map.json counts only where tokenizer_config.json is of the
   * older form, without {@code added_tokens_decoder}, and then above it.
   */
  Map<String, Object> specialTokens() {
    Map<String, Object> tokens = new HashMap<>();
    addSpecialTokens(config, CONFIG, tokens);
    if (!config.has("added_tokens_decoder")) {
      addSpecialTokens(readObject(SPECIAL_TOKENS), SPECIAL_TOKENS, tokens);
    }
    return tokens;
  }

  private void addSpecialTokens(JsonObject source, String name, Map<String, Object> tokens) {
    try {
      for (String token : SINGLE_TOKENS) {
        addToken(token, source.get(token), name, tokens);
      }
      JsonElement more = source.get(MORE_TOKENS);
      if (more != null && more.isJsonArray() && !more.getAsJsonArray().isEmpty()) {
        tokens.put(
            MORE_TOKENS,
            more.getAsJsonArray().asList().stream().map(token -> content(token, name)).toList());
      }
      JsonElement named = source.get(NAMED_TOKENS);
      if (named != null && named.isJsonObject()) {
        named
            .getAsJsonObject()
            .asMap()
            .forEach((token, value) -> addToken(token, value, name, tokens));
      }
    } catch (IllegalStateException | UnsupportedOperationException e) {
      throw unreadable(origin, name, e);
    }
  }

  private void addToken(String name, JsonElement value, String file, Map<String, Object> tokens) {
    if (value == null || value.isJsonNull()) {
      return;
    }
    String content = content(value, file);
    if (!content.isEmpty()) {
      tokens.put(name, content);
    }
  }

  /** The text of a token that is written as such or as an AddedToken. */
  private String content(JsonElement token, String file) {
    String content =
        token.isJsonObject() ? string(token.getAsJsonObject(), "content") : token.getAsString();
    return AddedTokenLimits.require(content, origin + "/" + file);
  }

  private static String string(JsonObject object, String member) {
    if (!object.has(member)) {
      throw new IllegalStateException("an object in it has no '" + member + "'");
    }
    return object.get(member).getAsString();
  }

  private JsonObject readObject(String name) {
    try {
      return read(name)
          .map(text -> PythonJson.parse(text, origin + "/" + name).getAsJsonObject())
          .orElseGet(JsonObject::new);
    } catch (IllegalStateException e) {
      throw unreadable(origin, name, e);
    }
  }

  private Optional<String> read(String name) {
    Optional<String> text =
        files.apply(name).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    text.ifPresent(content -> PythonJson.requireDownloaded(content, origin + "/" + name));
    return text;
  }

  static StrataException unreadable(String origin, String name, Exception cause) {
    return new StrataException(
        StrataException.Fault.MODEL,
        origin + "/" + name + " cannot be read: " + reason(cause),
        cause);
  }

  /** The first line of a message that is meant for people. */
  private static String reason(Exception cause) {
    boolean forProgrammers =
        cause instanceof NullPointerException
            || cause instanceof ClassCastException
            || cause instanceof IndexOutOfBoundsException;
    return forProgrammers || cause.getMessage() == null
        ? "a part of it is of another form than a tokenizer's"
        : cause.getMessage().lines().findFirst().orElse("");
  }
}
