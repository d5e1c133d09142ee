package dev.strata.udfs.text;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * Looks through a tokenizer.json for what ends the JVM in native code: the tokenizers library
 * answers most mistakes with an error, but aborts where a post-processor names a token that is not
 * there, where a search with a regular expression takes 10 million steps at one place, and in a few
 * other cases.
 */
final class TokenizerCheck {

  /**
   * The most chars of a text. A text that needs one step for each, as a run of spaces does under
   * the expressions of Llama, Qwen and GPT, aborts from 10 million on; a million takes two seconds
   * and some 400 MB.
   */
  static final int MOST_CHARS = 1 << 20;

  /** The most chars that a normalizer may make of such a text. */
  private static final int MOST_NORMALIZED = 2 * MOST_CHARS;

  private static final int MOST_STEPS = 9_000_000;
  private static final long MOST_GROWTH = 64;
  private static final int MAX_SHOWN = 80;
  private static final int MAX_DEPTH = 64;

  private static final Map<String, List<String>> TYPES =
      Map.of(
          "normalizer",
          List.of(
              "BertNormalizer",
              "ByteLevel",
              "Lowercase",
              "NFC",
              "NFD",
              "NFKC",
              "NFKD",
              "Nmt",
              "Precompiled",
              "Prepend",
              "Replace",
              "Strip",
              "StripAccents"),
          "pre_tokenizer",
          List.of(
              "BertPreTokenizer",
              "ByteLevel",
              "CharDelimiterSplit",
              "Digits",
              "Metaspace",
              "Punctuation",
              "Split",
              "UnicodeScripts",
              "Whitespace",
              "WhitespaceSplit"),
          "post_processor",
          List.of("BertProcessing", "ByteLevel", "RobertaProcessing", "TemplateProcessing"),
          "decoder",
          List.of(
              "BPEDecoder",
              "ByteFallback",
              "ByteLevel",
              "CTC",
              "Fuse",
              "Metaspace",
              "Replace",
              "Strip",
              "WordPiece"));

  private static final Map<String, String> CHILDREN =
      Map.of(
          "normalizer", "normalizers",
          "pre_tokenizer", "pretokenizers",
          "post_processor", "processors",
          "decoder", "decoders");

  private final TokenizerJson json;
  private final List<TextLimits.Run> runs = new ArrayList<>();
  private int loops = 1;
  private final NormalizerSteps normalizer = new NormalizerSteps();
  private long growth = 1;
  private long largestId = -1;

  private TokenizerCheck(TokenizerJson json) {
    this.json = json;
  }

  /**
   * Checks the file.
   *
   * @return what may be given to the tokenizer of a text
   * @throws StrataException if the file is not to be given to the tokenizers library
   */
  static TextLimits limits(TokenizerJson json) {
    try {
      return new TokenizerCheck(json).check();
    } catch (StrataException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // whatever a part of another form leads to
      throw TokenizerFiles.unreadable(json.origin(), TokenizerFiles.TOKENIZER, e);
    }
  }

  private TextLimits check() throws IOException {
    checkModel();
    visit("normalizer", this::checkNormalizer);
    List<JsonElement> added = elements(json.member("added_tokens"));
    added.forEach(token -> checkId(token.getAsJsonObject().get("id").getAsLong()));
    AddedTokenLimits.require(added, normalizer, json);
    visit("pre_tokenizer", this::checkPreTokenizer);
    visit("post_processor", this::checkPostProcessor);
    requireReadable(json.member("decoder"), 0);
    visit("decoder", this::checkDecoder);
    return new TextLimits(
        (int) (Math.min(MOST_CHARS, MOST_STEPS / loops) / growth),
        Math.min(MOST_NORMALIZED, MOST_STEPS / loops),
        normalizer,
        runs);
  }

  /** The library aborts on a decoder that it cannot read at all, where it answers for others. */
  private void requireReadable(JsonElement value, int depth) {
    if (depth > MAX_DEPTH) {
      throw json.unusable("its decoder is nested deeper than " + MAX_DEPTH);
    }
    if (value.isJsonArray()) {
      value.getAsJsonArray().forEach(element -> requireReadable(element, depth + 1));
    } else if (value.isJsonObject()) {
      value.getAsJsonObject().asMap().values().forEach(part -> requireReadable(part, depth + 1));
    } else if (value.isJsonPrimitive()
        && value.getAsJsonPrimitive().isNumber()
        && !Double.isFinite(value.getAsDouble())) {
      throw json.unusable("a number of its decoder is too large");
    }
  }

  private static List<JsonElement> elements(JsonElement array) {
    return array == null || array.isJsonNull() ? List.of() : array.getAsJsonArray().asList();
  }

  /** Calls back for each part of a member, with its type; sequences are taken apart. */
  private void visit(String member, BiConsumer<String, JsonObject> check) {
    JsonElement value = json.member(member);
    if (!value.isJsonNull()) {
      visit(member, value.getAsJsonObject(), check);
    }
  }

  private void visit(String member, JsonObject part, BiConsumer<String, JsonObject> check) {
    String type = text(part.get("type"), "its " + member + " has no type");
    if (type.equals("Sequence")) {
      elements(part.get(CHILDREN.get(member)))
          .forEach(child -> visit(member, child.getAsJsonObject(), check));
      return;
    }
    if (!TYPES.get(member).contains(type)) {
      throw json.unusable(
          "its %s is of type '%s', which is not known%s; those are %s"
              .formatted(
                  member,
                  shown(type),
                  Nearest.hint(type, TYPES.get(member)),
                  String.join(", ", TYPES.get(member))));
    }
    check.accept(type, part);
  }

  private String text(JsonElement value, String otherwise) {
    if (value == null || !value.isJsonPrimitive()) {
      throw json.unusable(otherwise);
    }
    return value.getAsString();
  }

  private static String shown(String text) {
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
  }

  private void checkNormalizer(String type, JsonObject part) {
    switch (type) {
      case "NFC", "NFD", "NFKC", "NFKD" -> normalizer.form(Normalizer.Form.valueOf(type));
      case "Lowercase" -> normalizer.lowercase();
      case "ByteLevel" -> normalizer.bytes();
      case "BertNormalizer" -> normalizer.bert();
      case "Prepend" ->
          normalizer.prepend(
              text(part.get("prepend"), "its Prepend normalizer has nothing to prepend"));
      case "Precompiled" ->
          normalizer.precompiled(
              map(text(part.get("precompiled_charsmap"), "its Precompiled normalizer has no map")));
      case "Replace" -> checkReplace(part);
      default -> {
        // The others take characters away.
      }
    }
  }

  private void checkReplace(JsonObject part) {
    if (checkPattern("normalizer", part)) {
      throw json.unusable(
          "its Replace normalizer replaces what may be nothing, %s, which the tokenizers library"
                  .formatted(shown(part.get("pattern").toString()))
              + " loses its place in the text by");
    }
    String content = text(part.get("content"), "its Replace normalizer has no content");
    grow(content.length(), patternLength(part));
    JsonElement plain = part.getAsJsonObject("pattern").get("String");
    if (plain == null) {
      normalizer.replaceMatches(content);
    } else {
      normalizer.replace(plain.getAsString(), content);
    }
  }

  private PrecompiledMap map(String map) {
    try {
      return PrecompiledMap.of(map);
    } catch (IllegalArgumentException e) {
      throw json.unusable("the map of its Precompiled normalizer is damaged, " + e.getMessage());
    }
  }

  private static int patternLength(JsonObject part) {
    JsonElement text = part.getAsJsonObject("pattern").get("String");
    return text == null ? 1 : Math.max(1, text.getAsString().length());
  }

  private void grow(int content, int pattern) {
    growth *= Math.max(1, (content + pattern - 1) / pattern);
    if (growth > MOST_GROWTH) {
      throw json.unusable(
          "its normalizers make a text more than %d times as long".formatted(MOST_GROWTH));
    }
  }

  /** Checks what a Split or Replace looks for; returns whether that may be nothing. */
  private boolean checkPattern(String member, JsonObject part) {
    JsonElement pattern = part.get("pattern");
    if (pattern == null || !pattern.isJsonObject()) {
      throw json.unusable("a pattern of its " + member + " is missing");
    }
    JsonElement regex = pattern.getAsJsonObject().get("Regex");
    if (regex == null) {
      String plain = text(pattern.getAsJsonObject().get("String"), "a pattern is missing");
      return plain.isEmpty();
    }
    try {
      RegexCost cost = RegexCost.of(regex.getAsString());
      loops = Math.max(loops, cost.backtrackingLoops());
      if (!member.equals("decoder")) { // which reads a token at a time
        addRuns(regex.getAsString(), cost);
      }
      return cost.matchesEmpty();
    } catch (IllegalArgumentException e) {
      throw json.unusable(
          "the regular expression '%s' of its %s: %s"
              .formatted(shown(regex.getAsString()), member, e.getMessage()));
    }
  }

  private void addRuns(String expression, RegexCost cost) {
    RescannedRuns.of(expression, cost.loopSets())
        .forEach(set -> runs.add(new TextLimits.Run(shown(expression), set)));
  }

  private void checkPreTokenizer(String type, JsonObject part) {
    if (type.equals("Split")) {
      boolean unused = checkPattern("pre_tokenizer", part);
    }
  }

  private void checkDecoder(String type, JsonObject part) {
    if (type.equals("Replace")) {
      boolean unused = checkPattern("decoder", part);
    }
    if (type.equals("Strip") && part.has("stop") && part.get("stop").getAsLong() > 0) {
      throw json.unusable(
          "its Strip decoder strips ends (stop %s), which fails on short tokens"
              .formatted(part.get("stop")));
    }
  }

  private void checkPostProcessor(String type, JsonObject part) {
    if (type.equals("TemplateProcessing")) {
      checkTemplate(part);
    }
    for (String name : List.of("sep", "cls")) {
      if (part.has(name)) {
        JsonArray token = part.getAsJsonArray(name);
        requireId(token.get(0).getAsString(), token.get(1).getAsLong());
      }
    }
  }

  private void checkTemplate(JsonObject part) {
    JsonElement tokens = part.get("special_tokens");
    JsonObject known =
        tokens != null && tokens.isJsonObject() ? tokens.getAsJsonObject() : new JsonObject();
    int texts = 0;
    for (String name : List.of("single", "pair")) {
      for (JsonElement piece : elements(part.get(name))) {
        JsonObject token = piece.getAsJsonObject().getAsJsonObject("SpecialToken");
        JsonObject sequence = piece.getAsJsonObject().getAsJsonObject("Sequence");
        if (token != null) {
          checkToken(token.get("id").getAsString(), known);
        } else if (name.equals("single")
            && (!sequence.get("id").getAsString().equals("A") || ++texts > 1)) {
          throw json.unusable("the post_processor's template for one text names a second");
        }
      }
    }
  }

  private void checkToken(String name, JsonObject known) {
    JsonElement token = known.get(name);
    if (token == null) {
      throw json.unusable(
          "its post_processor names the token '%s', which is not among the post_processor's %s"
              .formatted(shown(name), new TreeSet<>(known.keySet())));
    }
    JsonArray ids = token.getAsJsonObject().getAsJsonArray("ids");
    JsonArray tokens = token.getAsJsonObject().getAsJsonArray("tokens");
    if (ids.size() != tokens.size()) {
      throw json.unusable(
          "its post_processor's token '%s' has %d ids and %d tokens"
              .formatted(shown(name), ids.size(), tokens.size()));
    }
    ids.forEach(id -> requireId(name, id.getAsLong()));
  }

  private void requireId(String token, long id) {
    if (id < 0 || id > largestId) {
      throw json.unusable(
          "its post_processor's token '%s' has the id %d, which no token of the vocabulary has"
              .formatted(shown(token), id));
    }
  }

  private void checkId(long id) {
    if (id < 0 || id > Integer.MAX_VALUE) {
      throw json.unusable("a token has the id " + id);
    }
    largestId = Math.max(largestId, id);
  }

  private void checkModel() throws IOException {
    String prefix = "";
    try (JsonReader model = json.reader("model")) {
      model.beginObject();
      while (model.hasNext()) {
        switch (model.nextName()) {
          case "vocab" -> checkVocabulary(model);
          case "continuing_subword_prefix" -> prefix = textOrNothing(model);
          default -> model.skipValue();
        }
      }
    }
    if (!prefix.isEmpty()) {
      checkMerges(prefix);
    }
  }

  private static String textOrNothing(JsonReader reader) throws IOException {
    if (reader.peek() == JsonToken.NULL) {
      reader.nextNull();
      return "";
    }
    return reader.nextString();
  }

  /** Token to id, or for Unigram the tokens in the order of their ids. */
  private void checkVocabulary(JsonReader model) throws IOException {
    if (model.peek() == JsonToken.BEGIN_ARRAY) {
      model.beginArray();
      long size = 0;
      for (; model.hasNext(); size++) {
        model.skipValue();
      }
      model.endArray();
      largestId = Math.max(largestId, size - 1);
      return;
    }
    model.beginObject();
    while (model.hasNext()) {
      String unused = model.nextName();
      checkId(model.nextLong());
    }
    model.endObject();
  }

  /** The second part of a merge loses the prefix, which it must have. */
  private void checkMerges(String prefix) throws IOException {
    try (JsonReader model = json.reader("model")) {
      model.beginObject();
      while (model.hasNext()) {
        if (model.nextName().equals("merges") && model.peek() == JsonToken.BEGIN_ARRAY) {
          model.beginArray();
          while (model.hasNext()) {
            checkMerge(secondPart(model), prefix);
          }
          model.endArray();
        } else {
          model.skipValue();
        }
      }
    }
  }

  private static String secondPart(JsonReader model) throws IOException {
    if (model.peek() == JsonToken.STRING) {
      String merge = model.nextString();
      return merge.substring(merge.indexOf(' ') + 1);
    }
    model.beginArray();
    String unused = model.nextString();
    String second = model.nextString();
    model.endArray();
    return second;
  }

  private void checkMerge(String second, String prefix) {
    if (!second.startsWith(prefix)) {
      throw json.unusable(
          "it merges with '%s', which lacks the continuing_subword_prefix '%s'"
              .formatted(shown(second), shown(prefix)));
    }
  }
}
