package dev.strata.job.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.udfs.api.SamplingOverrides;
import java.io.IOException;

/** Reads lines of a batch file: whatever is wrong with one is that line's refusal. */
public final class RequestLine {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  private RequestLine() {}

  /** A line that is refused as a whole, whatever it says. */
  public static BatchRequest refused(String code, String message) {
    return refused(null, null, new Refusal(code, null, message));
  }

  private static BatchRequest refused(String customId, String model, Refusal refusal) {
    return new BatchRequest(
        customId, null, model, null, null, SamplingOverrides.NONE, null, null, refusal);
  }

  /** Reads a line of UTF-8, which is the first {@code length} bytes. */
  public static BatchRequest parse(byte[] bytes, int length) {
    String customId = null;
    String model = null;
    try {
      JsonNode line = tree(bytes, length);
      customId = customId(line);
      JsonNode body = body(line);
      model = UnicodeText.of(body.path("model"));
      Endpoint endpoint = endpoint(line);
      return new RequestBody(body).request(customId, endpoint, model);
    } catch (RequestException e) {
      return refused(customId, model, new Refusal(e.code(), e.parameter(), e.getMessage()));
    }
  }

  private static JsonNode tree(byte[] bytes, int length) {
    try {
      JsonNode line = JSON.readTree(bytes, 0, length);
      if (!line.isObject()) {
        throw malformed("invalid_json_line", "the line is not a JSON object");
      }
      return line;
    } catch (JsonProcessingException e) {
      String reason = e.getOriginalMessage().lines().findFirst().orElse("");
      throw malformed("invalid_json_line", "the line is not JSON: " + reason);
    } catch (IOException e) {
      throw malformed("invalid_json_line", "the line cannot be read: " + e.getMessage());
    }
  }

  private static String customId(JsonNode line) {
    JsonNode id = line.path("custom_id");
    if (id.isMissingNode() || id.isNull() || (id.isTextual() && id.textValue().isBlank())) {
      throw malformed("missing_custom_id", "the line has no custom_id");
    }
    if (!id.isTextual()) {
      throw malformed(
          "invalid_custom_id", "custom_id is " + RequestBody.shown(id) + "; it must be a text");
    }
    return UnicodeText.of(id);
  }

  private static JsonNode body(JsonNode line) {
    JsonNode body = line.path("body");
    if (!body.isObject()) {
      throw malformed(
          "invalid_body",
          body.isMissingNode() ? "the line has no body" : "the line's body is not a JSON object");
    }
    return body;
  }

  private static Endpoint endpoint(JsonNode line) {
    JsonNode method = line.path("method");
    if (!method.isMissingNode() && !"POST".equals(method.textValue())) {
      throw malformed(
          "invalid_method", "the method is " + RequestBody.shown(method) + "; it must be \"POST\"");
    }
    return Endpoint.of(line.path("url").isTextual() ? line.path("url").textValue() : "missing");
  }

  private static RequestException malformed(String code, String message) {
    return new RequestException(code, null, message);
  }
}
