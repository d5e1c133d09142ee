package dev.strata.job.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.TokenBans;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The body of a request. A parameter that is null counts as absent. One that would change the
 * result and cannot be honoured refuses the request, and so does one that nobody knows.
 */
final class RequestBody {

  private static final String TEMPLATE_ARGUMENTS = "chat_template_kwargs";

  /** Lone surrogates are written as escapes: in a row they would become question marks. */
  private static final JsonMapper ASCII =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /** Parameters that do not change the result. */
  private static final Set<String> TAKEN =
      Set.of(
          "model",
          "user",
          "metadata",
          "store",
          "service_tier",
          "safety_identifier",
          "prompt_cache_key",
          "prompt_cache_retention",
          "parallel_tool_calls",
          "stream_options");

  private static final Set<String> READ =
      Set.of(
          "messages",
          "prompt",
          "max_tokens",
          "max_completion_tokens",
          "temperature",
          "top_p",
          "top_k",
          "min_p",
          "repetition_penalty",
          "stop",
          "stop_strings",
          "stop_token_ids",
          "ignore_eos",
          "seed",
          "min_tokens",
          "min_new_tokens",
          "min_length",
          "no_repeat_ngram_size",
          "suppress_tokens",
          "begin_suppress_tokens",
          "bad_words_ids",
          "bad_words",
          TEMPLATE_ARGUMENTS);

  /** Parameters that may be there as long as they ask for what is done anyway. */
  private static final Map<String, Predicate<JsonNode>> NEUTRAL =
      Map.ofEntries(
          Map.entry("n", value -> isNumber(value, 1)),
          Map.entry("best_of", value -> isNumber(value, 1)),
          Map.entry("frequency_penalty", value -> isNumber(value, 0)),
          Map.entry("presence_penalty", value -> isNumber(value, 0)),
          Map.entry("logprobs", value -> isFalse(value) || isNumber(value, 0)),
          Map.entry("top_logprobs", value -> isNumber(value, 0)),
          Map.entry("stream", RequestBody::isFalse),
          Map.entry("echo", RequestBody::isFalse),
          Map.entry("suffix", value -> isText(value, "")),
          Map.entry("tools", RequestBody::isEmptyContainer),
          Map.entry("functions", RequestBody::isEmptyContainer),
          Map.entry("tool_choice", value -> isText(value, "none") || isText(value, "auto")),
          Map.entry("function_call", value -> isText(value, "none") || isText(value, "auto")),
          Map.entry("logit_bias", RequestBody::isEmptyContainer),
          Map.entry("response_format", value -> isText(value.path("type"), "text")),
          Map.entry("modalities", value -> value.size() == 1 && isText(value.path(0), "text")));

  private static final int SHOWN_CHARS = 60;

  private final JsonNode body;

  RequestBody(JsonNode body) {
    this.body = body;
  }

  /**
   * The whole request.
   *
   * @throws RequestException if something in it is wrong
   */
  BatchRequest request(String customId, Endpoint endpoint, String model) {
    body.properties().forEach(entry -> check(entry.getKey(), entry.getValue()));
    boolean isChat = endpoint == Endpoint.CHAT;
    return new BatchRequest(
        customId,
        endpoint,
        model,
        isChat ? RequestMessages.read(body.path("messages")) : null,
        isChat ? null : prompt(),
        sampling(),
        seed(),
        templateArguments(isChat),
        null);
  }

  private void check(String name, JsonNode value) {
    if (value.isNull() || TAKEN.contains(name) || READ.contains(name)) {
      return;
    }
    Predicate<JsonNode> neutral = NEUTRAL.get(name);
    if (neutral == null) {
      throw refused(
          "unknown_parameter", cut(name), "the body has the unknown parameter " + cut(name));
    }
    if (!neutral.test(value)) {
      throw refused(
          "unsupported_parameter",
          name,
          "%s is %s, which is not supported; leave it out".formatted(name, shown(value)));
    }
  }

  private String prompt() {
    JsonNode prompt = body.path("prompt");
    if (prompt.isArray() && prompt.size() == 1) {
      prompt = prompt.path(0);
    }
    if (prompt.isArray()) {
      throw refused("invalid_value", "prompt", "prompt is an array; it must be one text");
    }
    if (!prompt.isTextual() || prompt.textValue().isEmpty()) {
      throw refused("invalid_value", "prompt", "prompt is missing or empty; it must be a text");
    }
    return UnicodeText.of(prompt);
  }

  private SamplingOverrides sampling() {
    Integer most = integer("max_completion_tokens", 1);
    Integer older = integer("max_tokens", 1);
    Integer topK = integer("top_k", -1);
    return new SamplingOverrides(
        most != null ? most : older,
        number("repetition_penalty", false, 0, Double.MAX_VALUE, "a number above 0"),
        number("temperature", true, 0, 2, "a number from 0 to 2"),
        topK != null && topK == -1 ? Integer.valueOf(0) : topK,
        number("top_p", false, 0, 1, "a number above 0 and at most 1"),
        number("min_p", true, 0, 1, "a number from 0 to 1"),
        stop(),
        flag("ignore_eos"),
        ids("stop_token_ids"),
        bans());
  }

  /** What transformers calls {@code min_new_tokens} is {@code min_tokens} to vLLM. */
  private TokenBans bans() {
    Integer least = integer("min_tokens", 0);
    return new TokenBans(
        least != null ? least : integer("min_new_tokens", 0),
        integer("min_length", 0),
        integer("no_repeat_ngram_size", 0),
        ids("suppress_tokens"),
        ids("begin_suppress_tokens"),
        badWordsIds(),
        badWords());
  }

  private Boolean flag(String name) {
    JsonNode value = value(name);
    if (value != null && !value.isBoolean()) {
      throw wrong(name, value, "true or false");
    }
    return value == null ? null : value.booleanValue();
  }

  private List<Integer> ids(String name) {
    JsonNode value = value(name);
    return value == null ? null : ids(name, value, value, "an array of token ids");
  }

  private BadWords badWords() {
    List<String> words = texts("bad_words");
    try {
      return BadWords.of(words);
    } catch (RowException e) {
      throw refused("invalid_value", "bad_words", e.getMessage());
    }
  }

  private List<List<Integer>> badWordsIds() {
    String name = "bad_words_ids";
    String label = "an array of arrays of token ids, none of them empty";
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isArray() || elements(value).anyMatch(word -> word.isEmpty())) {
      throw wrong(name, value, label);
    }
    return elements(value).map(word -> ids(name, value, word, label)).toList();
  }

  private static List<Integer> ids(String name, JsonNode whole, JsonNode array, String label) {
    boolean areIds =
        array.isArray()
            && elements(array).allMatch(id -> id.isIntegralNumber() && id.canConvertToInt());
    if (!areIds) {
      throw wrong(name, whole, label);
    }
    return elements(array).map(JsonNode::intValue).toList();
  }

  private static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private Long seed() {
    JsonNode value = value("seed");
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong("seed", value, "a whole number");
    }
    return value.longValue();
  }

  private String templateArguments(boolean isChat) {
    JsonNode value = value(TEMPLATE_ARGUMENTS);
    if (value == null) {
      return null;
    }
    if (!value.isObject()) {
      throw wrong(TEMPLATE_ARGUMENTS, value, "an object");
    }
    if (!isChat && !value.isEmpty()) {
      throw refused(
          "unsupported_parameter",
          TEMPLATE_ARGUMENTS,
          TEMPLATE_ARGUMENTS + " is for chats: no template is used here; leave it out");
    }
    try {
      return ASCII.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was read as JSON is written as JSON", e);
    }
  }

  private Integer integer(String name, int least) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < least) {
      throw wrong(name, value, "a whole number of at least " + least);
    }
    return value.intValue();
  }

  /** A number above (or, if {@code closed}, from) {@code low} and at most {@code high}. */
  private Double number(String name, boolean closed, double low, double high, String label) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    double number = value.doubleValue();
    boolean isAbove = closed ? number >= low : number > low;
    if (!value.isNumber() || !isAbove || number > high) {
      throw wrong(name, value, label);
    }
    return number;
  }

  private List<String> stop() {
    List<String> stop = texts("stop");
    List<String> more = texts("stop_strings");
    if (stop == null || more == null) {
      return stop == null ? more : stop;
    }
    return Stream.concat(stop.stream(), more.stream()).toList();
  }

  private List<String> texts(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    List<JsonNode> texts = value.isArray() ? elements(value).toList() : List.of(value);
    if (!texts.stream().allMatch(text -> text.isTextual() && !text.textValue().isEmpty())) {
      throw wrong(name, value, "a text or an array of texts, none of them empty");
    }
    return texts.stream().map(UnicodeText::of).toList();
  }

  private JsonNode value(String name) {
    JsonNode value = body.path(name);
    return value.isMissingNode() || value.isNull() ? null : value;
  }

  private static RequestException wrong(String name, JsonNode value, String label) {
    return refused(
        "invalid_value", name, "%s is %s; it must be %s".formatted(name, shown(value), label));
  }

  static RequestException refused(String code, String parameter, String message) {
    return new RequestException(code, parameter, message);
  }

  /** The beginning of a value, as JSON. */
  static String shown(JsonNode value) {
    return cut(value.toString());
  }

  /** The beginning of a text, for a message. */
  static String cut(String text) {
    return text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "...";
  }

  private static boolean isNumber(JsonNode value, int number) {
    return value.isNumber() && value.doubleValue() == number;
  }

  private static boolean isFalse(JsonNode value) {
    return value.isBoolean() && !value.booleanValue();
  }

  private static boolean isText(JsonNode value, String text) {
    return text.equals(value.textValue());
  }

  private static boolean isEmptyContainer(JsonNode value) {
    return value.isContainerNode() && value.isEmpty();
  }
}
