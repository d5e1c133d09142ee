package dev.strata.job.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.TokenBans;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestLineTest {

  @Test
  void chat() {
    BatchRequest request =
        parse(
            """
            {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body":
              {"model": "m", "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "name": "x", "content": [
                  {"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]}],
               "max_tokens": 7, "max_completion_tokens": 5, "temperature": 0.5, "top_p": 1,
               "top_k": -1, "stop": "END", "seed": 9, "n": 1, "stream": false, "tools": [],
               "user": "u", "metadata": {"k": "v"}, "logit_bias": {}, "frequency_penalty": 0.0,
               "response_format": {"type": "text"}, "presence_penalty": null}}\
            """);
    assertThat(request.refusal()).isNull();
    assertThat(request.customId()).isEqualTo("a");
    assertThat(request.endpoint()).isEqualTo(Endpoint.CHAT);
    assertThat(request.model()).isEqualTo("m");
    assertThat(request.messages())
        .containsExactly(new Message("system", "Be brief."), new Message("user", "One.\nTwo."));
    assertThat(request.sampling())
        .isEqualTo(new SamplingOverrides(5, null, 0.5, 0, 1.0, null, List.of("END"), null));
    assertThat(request.seed()).isEqualTo(9);
  }

  @Test
  void completion() {
    for (String prompt : List.of("\"Once\"", "[\"Once\"]")) {
      BatchRequest request =
          parse(
              """
              {"custom_id": "a", "url": "/v1/completions",
               "body": {"prompt": %s, "max_tokens": 3, "stop": ["a", "b"]}}\
              """
                  .formatted(prompt));
      assertThat(request.refusal()).isNull();
      assertThat(request.prompt()).isEqualTo("Once");
      assertThat(request.messages()).isNull();
      assertThat(request.sampling().stopStrings()).containsExactly("a", "b");
    }
  }

  @Test
  void bannedTokens() {
    String line =
        """
        {"custom_id": "a", "url": "/v1/completions", "body": {"prompt": "Once", "min_tokens": 2,
          "min_length": 3, "no_repeat_ngram_size": 4, "suppress_tokens": [5, -1],
          "begin_suppress_tokens": [], "bad_words_ids": [[9], [1, 2]], "bad_words": ["no"], "stop": "a",
          "stop_strings": ["b"], "stop_token_ids": [3], "ignore_eos": true%s}}\
        """;
    SamplingOverrides sampling = parse(line.formatted("")).sampling();
    assertThat(sampling.bans())
        .isEqualTo(
            new TokenBans(
                2,
                3,
                4,
                List.of(5, -1),
                List.of(),
                List.of(List.of(9), List.of(1, 2)),
                BadWords.of(List.of("no"))));
    assertThat(sampling.stopStrings()).containsExactly("a", "b");
    assertThat(sampling.stopTokenIds()).containsExactly(3);
    assertThat(sampling.ignoreStopTokens()).isTrue();
    assertThat(parse(line.replace("true", "1").formatted("")).refusal().message())
        .isEqualTo("ignore_eos is 1; it must be true or false");
    assertThat(parse(line.replace("min_tokens", "min_new_tokens").formatted("")).sampling())
        .isEqualTo(sampling);
    for (String wrong : List.of("[1.5]", "1", "[[1]]", "[9999999999]", "[null]")) {
      assertThat(parse(line.replace("[5, -1]", wrong).formatted("")).refusal().message())
          .isEqualTo("suppress_tokens is %s; it must be an array of token ids", wrong);
    }
    assertThat(parse(line.replace("[5, -1]", "[1e400]").formatted("")).refusal().parameter())
        .isEqualTo("suppress_tokens");
    for (String wrong : List.of("[\"\"]", "[1]", "{}", "[\" \"]")) {
      assertThat(parse(line.replace("[\"no\"]", wrong).formatted("")).refusal().parameter())
          .isEqualTo("bad_words");
    }
    for (String wrong : List.of("[[]]", "[1]", "{}")) {
      assertThat(parse(line.replace("[[9], [1, 2]]", wrong).formatted("")).refusal().parameter())
          .isEqualTo("bad_words_ids");
    }
    assertThat(parse(line.replace("4", "-1").formatted("")).refusal().message())
        .isEqualTo("no_repeat_ngram_size is -1; it must be a whole number of at least 0");
  }

  @Test
  void argumentsForTheTemplate() {
    BatchRequest request =
        parse(withArguments("{\"enable_thinking\": false, \"x\": [1, 0.5, null, \"é\\ud83d\"]}"));
    assertThat(request.refusal()).isNull();
    assertThat(request.templateArguments())
        .isEqualTo("{\"enable_thinking\":false,\"x\":[1,0.5,null,\"\\u00E9\\uD83D\"]}");
    assertThat(parse(withArguments("null")).templateArguments()).isNull();
    assertThat(parse(withArguments("[]")).refusal())
        .isEqualTo(
            new Refusal(
                "invalid_value",
                "chat_template_kwargs",
                "chat_template_kwargs is []; it must be an object"));
  }

  @Test
  void argumentsForTheTemplateMeanNothingToCompletions() {
    String line =
        """
        {"custom_id": "a", "url": "/v1/completions",
         "body": {"prompt": "Once", "chat_template_kwargs": %s}}\
        """;
    assertThat(parse(line.formatted("{}")).refusal()).isNull();
    assertThat(parse(line.formatted("{\"a\": 1}")).refusal())
        .isEqualTo(
            new Refusal(
                "unsupported_parameter",
                "chat_template_kwargs",
                "chat_template_kwargs is for chats: no template is used here; leave it out"));
  }

  private static String withArguments(String arguments) {
    return """
    {"custom_id": "a", "url": "/v1/chat/completions", "body":
      {"messages": [{"role": "user", "content": "x"}], "chat_template_kwargs": %s}}\
    """
        .formatted(arguments);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "not JSON | invalid_json_line | the line is not JSON: Unrecognized token 'not'",
        "{\"custom_id\": \"a\", \"body\": {\"n\": NaN}} | invalid_json_line | the line is not JSON:"
            + " Non-standard token 'NaN'",
        "{} {} | invalid_json_line | the line is not JSON: Trailing token",
        "[] | invalid_json_line | the line is not a JSON object",
        "{\"custom_id\": 7} | invalid_custom_id | custom_id is 7; it must be a text",
        "{\"body\": {}} | missing_custom_id | the line has no custom_id",
        "{\"custom_id\": \"a\"} | invalid_body | the line has no body",
        "{\"custom_id\": \"a\", \"body\": 1} | invalid_body | the line's body is not a JSON object",
        "{\"custom_id\": \"a\", \"body\": {}} | invalid_url | the url is missing; it must be"
            + " /v1/chat/completions or /v1/completions",
        "{\"custom_id\": \"a\", \"method\": \"GET\", \"body\": {}} | invalid_method | the method is"
            + " \"GET\"; it must be \"POST\"",
      })
  void brokenLines(String line, String code, String message) {
    Refusal refusal = parse(line.replace("''", "'")).refusal();
    assertThat(refusal.code()).isEqualTo(code);
    assertThat(refusal.message()).startsWith(message.replace("''", "'"));
    assertThat(refusal.parameter()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "\"n\": 2 | n | n is 2, which is not supported; leave it out",
        "\"stream\": true | stream | stream is true, which is not supported",
        "\"tools\": [{\"type\": \"function\"}] | tools | tools is [{\"type\":\"function\"}], which",
        "\"logit_bias\": {\"5\": 1} | logit_bias | logit_bias is {\"5\":1}, which",
        "\"response_format\": {\"type\": \"json_object\"} | response_format | response_format is",
        "\"frequency_penalty\": 0.1 | frequency_penalty | frequency_penalty is 0.1, which",
        "\"logprobs\": true | logprobs | logprobs is true, which",
        "\"temprature\": 1 | temprature | the body has the unknown parameter temprature",
        "\"temperature\": \"hot\" | temperature | temperature is \"hot\"; it must be a number from"
            + " 0",
        "\"temperature\": 2.5 | temperature | temperature is 2.5; it must be a number from 0 to 2",
        "\"max_tokens\": 0 | max_tokens | max_tokens is 0; it must be a whole number of at least 1",
        "\"max_tokens\": 1.5 | max_tokens | max_tokens is 1.5; it must be a whole number",
        "\"max_tokens\": 99999999999 | max_tokens | max_tokens is 99999999999; it must be",
        "\"top_p\": 0 | top_p | top_p is 0; it must be a number above 0 and at most 1",
        "\"stop\": [\"\"] | stop | stop is [\"\"]; it must be a text or an array of texts",
        "\"seed\": \"x\" | seed | seed is \"x\"; it must be a whole number",
        "\"n\": 1e400 | n | n is \"Infinity\", which is not supported; leave it out",
        "\"logprobs\": -1e400 | logprobs | logprobs is \"-Infinity\", which is not supported",
        "\"temperature\": 1e400 | temperature | temperature is \"Infinity\"; it must be a number"
            + " from 0",
        "\"repetition_penalty\": 1e400 | repetition_penalty | repetition_penalty is \"Infinity\";"
            + " it",
        "\"repetition_penalty\": 1e-400 | repetition_penalty | repetition_penalty is 0.0; it",
        "\"max_tokens\": 1e400 | max_tokens | max_tokens is \"Infinity\"; it must be a whole"
            + " number",
        "\"seed\": 9223372036854775808 | seed | seed is 9223372036854775808; it must be a whole",
      })
  void badParameters(String parameter, String name, String message) {
    Refusal refusal =
        chat("\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], " + parameter).refusal();
    assertThat(refusal.parameter()).isEqualTo(name);
    assertThat(refusal.message()).startsWith(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "\"model\": \"m\" | messages is missing; it must be an array with a message at least",
        "\"messages\": [] | messages is []; it must be an array with a message at least",
        "\"messages\": [\"x\"] | message 1 is not a JSON object",
        "\"messages\": [{\"content\": \"x\"}] | message 1 has the role missing; it must be system",
        "\"messages\": [{\"role\": \"user\"}] | message 1 has no content; it must be a text",
        "\"messages\": [{\"role\": \"user\", \"content\": \" \"}] | the messages are empty",
        "\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}] | message 1"
            + " has a part of type \"image_url\"; only text parts are supported",
        "\"messages\": [{\"role\": \"tool\", \"content\": \"x\"}] | message 1 has the role"
            + " \"tool\"; it",
        "\"messages\": [{\"role\": \"user\", \"content\": \"x\", \"tool_calls\": [1]}] | message 1"
            + " has tool_calls, which is not supported",
      })
  void badMessages(String messages, String message) {
    assertThat(chat(messages).refusal().message()).startsWith(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\"prompt\": \"\"", "\"prompt\": 5", "\"prompt\": [\"a\", \"b\"]"})
  void badPrompts(String prompt) {
    BatchRequest request =
        parse(
            "{\"custom_id\": \"a\", \"url\": \"/v1/completions\", \"body\": {%s}}"
                .formatted(prompt));
    assertThat(request.refusal().parameter()).isEqualTo("prompt");
    assertThat(request.customId()).isEqualTo("a");
  }

  @Test
  void numbersAreWhatTheySay() {
    String message = "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], ";
    assertThat(chat(message + "\"n\": 1.0, \"logprobs\": 0e0").refusal()).isNull();
    assertThat(chat(message + "\"temperature\": 7e-1").sampling().temperature()).isEqualTo(0.7);
  }

  @Test
  void messagesAreShort() {
    for (String line :
        List.of(
            "{\"custom_id\": [%s]}",
            "{\"custom_id\": \"a\", \"method\": [%s], \"body\": {}}",
            "{\"custom_id\": \"a\", \"url\": \"%s\", \"body\": {}}",
            "{\"custom_id\": \"a\", \"url\": \"/v1/completions\", \"body\": {\"%s\": 1}}")) {
      assertThat(parse(line.formatted("1".repeat(900))).refusal().message()).hasSizeLessThan(150);
    }
  }

  @Test
  void halfCharactersAreAsSparkReadsThem() {
    BatchRequest request =
        chat("\"messages\": [{\"role\": \"user\", \"content\": \"a\\ud83d\\ude00\\ud83d b\"}]");
    assertThat(request.messages().get(0).content()).isEqualTo("a\uD83D\uDE00? b");
  }

  @Test
  void bytesThatAreNoText() {
    byte[] bytes = "{\"custom_id\": \"a\uFFFF\"}".getBytes(StandardCharsets.ISO_8859_1);
    bytes[16] = (byte) 0xFF;
    assertThat(RequestLine.parse(bytes, bytes.length).refusal().message())
        .startsWith("the line is not JSON: Invalid UTF-8");
  }

  private static BatchRequest chat(String body) {
    return parse(
        "{\"custom_id\": \"a\", \"url\": \"/v1/chat/completions\", \"body\": {%s}}"
            .formatted(body));
  }

  private static BatchRequest parse(String line) {
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    return RequestLine.parse(bytes, bytes.length);
  }
}
