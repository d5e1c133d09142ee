package dev.strata.job.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.strata.udfs.api.Completion;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Writes lines of a batch's output and error files.
 *
 * @param model the model's name where a request does not say one
 * @param created seconds since 1970
 */
public record ResponseLine(String model, long created) implements Serializable {

  private static final JsonMapper JSON = new JsonMapper();

  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;

  /**
   * The line for one request.
   *
   * @param endpoint what it asked for; null if it was refused
   * @param itsModel what it calls the model; null for none
   * @param refusal why it was not asked, null if it was
   * @param line its place in the file, from 1
   * @param position its place in all files together, which its ids are made from
   */
  public String format(
      String customId,
      Endpoint endpoint,
      String itsModel,
      Refusal refusal,
      long line,
      long position,
      Completion completion) {
    String id = id(customId, position);
    ObjectNode answer = JSON.createObjectNode();
    answer.put("id", "batch_req_" + id).put("custom_id", customId);
    if (completion.error() == null) {
      ObjectNode response = response(answer, OK, id);
      answer(response.putObject("body"), endpoint, itsModel, id, completion);
      answer.putNull("error");
    } else {
      error(answer, refusal, completion.error(), line, id);
    }
    return text(answer);
  }

  private static ObjectNode response(ObjectNode answer, int status, String id) {
    return answer.putObject("response").put("status_code", status).put("request_id", "req_" + id);
  }

  private void answer(
      ObjectNode body, Endpoint endpoint, String itsModel, String id, Completion completion) {
    body.put("id", endpoint.idPrefix() + id);
    body.put("object", endpoint.object());
    body.put("created", created);
    body.put("model", itsModel == null ? model : itsModel);
    ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
    if (endpoint == Endpoint.CHAT) {
      ObjectNode message = choice.putObject("message").put("role", "assistant");
      message.put("content", completion.text()).putNull("refusal");
    } else {
      choice.put("text", completion.text());
    }
    choice.putNull("logprobs").put("finish_reason", completion.finishReason().word());
    ObjectNode usage = body.putObject("usage");
    usage.put("prompt_tokens", completion.promptTokens());
    usage.put("completion_tokens", completion.completionTokens());
    usage.put("total_tokens", completion.promptTokens() + completion.completionTokens());
  }

  /** A request that is wrong has the response of a server as well; a broken line has none. */
  private static void error(
      ObjectNode answer, Refusal refusal, String message, long line, String id) {
    boolean isBrokenLine = refusal != null && refusal.parameter() == null;
    if (isBrokenLine) {
      answer.putNull("response");
    } else {
      ObjectNode body = response(answer, BAD_REQUEST, id).putObject("body");
      describe(body.putObject("error"), refusal, message).put("type", "invalid_request_error");
    }
    describe(answer.putObject("error"), refusal, message).put("line", line);
  }

  private static ObjectNode describe(ObjectNode error, Refusal refusal, String message) {
    return error
        .put("code", refusal == null ? "invalid_request" : refusal.code())
        .put("message", message)
        .put("param", refusal == null ? null : refusal.parameter());
  }

  /** The same for the same request of the same file. */
  private static String id(String customId, long position) {
    byte[] name = (position + " " + customId).getBytes(StandardCharsets.UTF_8);
    return UUID.nameUUIDFromBytes(name).toString().replace("-", "");
  }

  private static String text(ObjectNode answer) {
    try {
      return JSON.writeValueAsString(answer);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts and numbers is always JSON", e);
    }
  }
}
