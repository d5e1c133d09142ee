package dev.strata.job.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.FinishReason;
import org.junit.jupiter.api.Test;

class ResponseLineTest {

  private static final int ID_LENGTH = 32;

  private final ResponseLine lines = new ResponseLine("own", 1_700_000_000);

  @Test
  void chat() {
    Completion completion = new Completion("Bonjour \"!\"\n", FinishReason.STOP, 9, 4, null);
    String line = lines.format("a", Endpoint.CHAT, "asked", null, 3, 3, completion);
    String id = id(line);
    assertThat(line)
        .isEqualTo(
            """
            {"id":"batch_req_ID","custom_id":"a","response":{"status_code":200,"request_id":"req_ID",\
            "body":{"id":"chatcmpl-ID","object":"chat.completion","created":1700000000,"model":"asked",\
            "choices":[{"index":0,"message":{"role":"assistant","content":"Bonjour \\"!\\"\\n",\
            "refusal":null},"logprobs":null,"finish_reason":"stop"}],\
            "usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}},"error":null}"""
                .replace("ID", id));
    assertThat(lines.format("a", Endpoint.CHAT, "asked", null, 3, 3, completion)).isEqualTo(line);
  }

  @Test
  void completion() {
    Completion completion = new Completion("x", FinishReason.LENGTH, 1, 1, null);
    assertThat(lines.format("a", Endpoint.COMPLETION, null, null, 1, 1, completion))
        .contains("\"object\":\"text_completion\"", "\"model\":\"own\"")
        .contains("\"choices\":[{\"index\":0,\"text\":\"x\",\"logprobs\":null,")
        .contains("\"finish_reason\":\"length\"");
  }

  @Test
  void errors() {
    Completion failed = Completion.failed("it is bad", 0);
    String broken = lines.format(null, null, null, refusal(null), 7, 7, failed);
    assertThat(broken)
        .contains("\"custom_id\":null,\"response\":null,")
        .endsWith(
            "\"error\":{\"code\":\"c\",\"message\":\"it is bad\",\"param\":null,\"line\":7}}");
    String refused = lines.format("a", null, null, refusal("n"), 7, 7, failed);
    assertThat(refused)
        .contains("\"response\":{\"status_code\":400,\"request_id\":\"req_" + id(refused))
        .contains(
            "\"body\":{\"error\":{\"code\":\"c\",\"message\":\"it is bad\",\"param\":\"n\","
                + "\"type\":\"invalid_request_error\"}}}")
        .contains("\"error\":{\"code\":\"c\",");
    assertThat(lines.format("a", Endpoint.CHAT, null, null, 7, 7, failed))
        .contains("\"status_code\":400", "\"code\":\"invalid_request\"");
  }

  private static Refusal refusal(String parameter) {
    return new Refusal("c", parameter, "it is bad");
  }

  private static String id(String line) {
    return line.substring(17, 17 + ID_LENGTH);
  }
}
