package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A batch file in OpenAI's form, from end to end. */
class BatchTest {

  private static final String TASK = "Translate the following text to French.\n\n";
  private static final int GOOD = 95;

  @TempDir Path directory;

  @Test
  void aHundredRequestsFiveOfThemBad() throws Exception {
    Map<String, JsonObject> sentences = References.sentences();
    List<String> ids = sentences.keySet().stream().limit(GOOD).toList();
    List<JsonObject> requests = new ArrayList<>();
    for (String id : ids) {
      String prompt = TASK + Rows.text(sentences.get(id), "text");
      requests.add(requests.size() % 10 == 9 ? plain(id, prompt) : chat(id, prompt));
    }
    requests.add(3, with(chat("two", "x"), "n", new JsonPrimitive(2)));
    requests.add(20, with(chat("hot", "x"), "temperature", new JsonPrimitive("hot")));
    requests.add(40, with(chat("silent", "x"), "messages", new JsonArray()));
    requests.add(60, chat("endless", "word ".repeat(2000)));
    requests.add(80, with(chat("streamed", "x"), "stream", new JsonPrimitive(true)));
    assertThat(requests).hasSize(100);
    Path input = directory.resolve("requests.jsonl");
    Files.write(input, requests.stream().map(JsonObject::toString).toList());
    Path out = directory.resolve("answers");

    CommandResult result = run(input, out, "--partitions", "2");

    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out().get(0)).startsWith("100 rows in ").endsWith("5 errors: " + out);
    assertThat(names(directory)).containsExactlyInAnyOrder("requests.jsonl", "answers");
    assertThat(names(out))
        .containsExactlyInAnyOrder(
            "output.jsonl", "errors.jsonl", "_strata_run", "_strata_report.html");
    Map<String, JsonObject> answers = read(out.resolve("output.jsonl"));
    assertThat(List.copyOf(answers.keySet())).as("in the order of the requests").isEqualTo(ids);
    assertAnswers(answers);
    assertErrors(read(out.resolve("errors.jsonl")));

    CommandResult again = run(input, out, "--mode", "ignore");
    assertThat(again.exitCode()).isZero();
    assertThat(again.out())
        .containsExactly(
            "the output " + out + " exists already, and --mode is ignore: nothing was done");
  }

  private static void assertAnswers(Map<String, JsonObject> answers) throws IOException {
    Map<String, JsonObject> references = References.read("translations");
    int index = 0;
    for (Map.Entry<String, JsonObject> entry : answers.entrySet()) {
      JsonObject answer = entry.getValue();
      assertThat(answer.keySet()).containsExactly("id", "custom_id", "response", "error");
      assertThat(answer.get("error").isJsonNull()).isTrue();
      JsonObject response = answer.getAsJsonObject("response");
      assertThat(response.get("status_code").getAsInt()).isEqualTo(200);
      JsonObject reference = references.get(entry.getKey());
      if (References.isClear(reference)) {
        assertEqual(response.getAsJsonObject("body"), reference, index % 10 != 9);
      }
      index++;
    }
  }

  private static void assertEqual(JsonObject body, JsonObject reference, boolean isChat) {
    JsonObject choice = body.getAsJsonArray("choices").get(0).getAsJsonObject();
    assertThat(body.get("object").getAsString())
        .isEqualTo(isChat ? "chat.completion" : "text_completion");
    assertThat(isChat ? choice.getAsJsonObject("message").get("content") : choice.get("text"))
        .isEqualTo(reference.get("completion"));
    assertThat(choice.get("finish_reason")).isEqualTo(reference.get("finish_reason"));
    JsonObject usage = body.getAsJsonObject("usage");
    assertThat(usage.get("prompt_tokens")).isEqualTo(reference.get("prompt_tokens"));
    assertThat(usage.get("completion_tokens")).isEqualTo(reference.get("completion_tokens"));
  }

  private static void assertErrors(Map<String, JsonObject> errors) {
    assertThat(errors.keySet()).isEqualTo(Set.of("two", "hot", "silent", "endless", "streamed"));
    assertThat(message(errors, "two")).isEqualTo("n is 2, which is not supported; leave it out");
    assertThat(message(errors, "hot"))
        .isEqualTo("temperature is \"hot\"; it must be a number from 0 to 2");
    assertThat(message(errors, "silent"))
        .isEqualTo("messages is []; it must be an array with a message at least");
    assertThat(message(errors, "endless")).contains("but the model's context holds 1024");
    assertThat(message(errors, "streamed")).startsWith("stream is true");
    assertThat(errors.values())
        .allSatisfy(
            error ->
                assertThat(error.getAsJsonObject("response").get("status_code").getAsInt())
                    .isEqualTo(400));
  }

  private static String message(Map<String, JsonObject> errors, String id) {
    return errors.get(id).getAsJsonObject("error").get("message").getAsString();
  }

  private static JsonObject chat(String id, String prompt) {
    JsonObject message = new JsonObject();
    message.addProperty("role", "user");
    message.addProperty("content", prompt);
    JsonArray messages = new JsonArray();
    messages.add(message);
    return with(request(id, "/v1/chat/completions"), "messages", messages);
  }

  /**
   * A chat as the model's template spells it, but for the first token, which the tokenizer adds.
   */
  private static JsonObject plain(String id, String prompt) {
    String spelled = "<|user|>\n" + prompt + "<|end|>\n<|assistant|>\n";
    return with(request(id, "/v1/completions"), "prompt", new JsonPrimitive(spelled));
  }

  private static JsonObject request(String id, String url) {
    JsonObject body = new JsonObject();
    body.addProperty("model", "demo");
    body.addProperty("max_tokens", 60);
    body.addProperty("temperature", 0);
    JsonObject request = new JsonObject();
    request.addProperty("custom_id", id);
    request.addProperty("method", "POST");
    request.addProperty("url", url);
    request.add("body", body);
    return request;
  }

  private static JsonObject with(
      JsonObject request, String parameter, com.google.gson.JsonElement value) {
    request.getAsJsonObject("body").add(parameter, value);
    return request;
  }

  private static CommandResult run(Path input, Path out, String... more) throws Exception {
    List<String> args =
        new ArrayList<>(
            List.of(
                "generate",
                "--model",
                Demo.MODEL.toString(),
                "--input",
                input.toString(),
                "--input-format",
                "openai-batch",
                "--output",
                out.toString()));
    args.addAll(Arrays.asList(more));
    return SubmittedCommand.small(args);
  }

  private static Map<String, JsonObject> read(Path file) throws IOException {
    Map<String, JsonObject> lines = new LinkedHashMap<>();
    for (String text : Files.readAllLines(file)) {
      JsonObject line = JsonParser.parseString(text).getAsJsonObject();
      assertThat(lines.put(line.get("custom_id").getAsString(), line)).isNull();
    }
    return lines;
  }

  private static List<String> names(Path parent) throws IOException {
    try (Stream<Path> files = Files.list(parent)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(".crc"))
          .toList();
    }
  }
}
