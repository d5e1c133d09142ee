package dev.strata.job.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.strata.udfs.api.SamplingOptions;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Lines that a program, a disk or an attacker has spoilt. The long form:
 *
 * <pre>{@code
 * ./mvnw -pl udfs,job -am test -Dtest=RequestLineFuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dstrata.fuzz.inputs=200000 -Dstrata.fuzz.seed=1
 * }</pre>
 */
class RequestLineFuzzTest {

  private static final int INPUTS = Integer.getInteger("strata.fuzz.inputs", 1_000);
  private static final long SEED = Long.getLong("strata.fuzz.seed", 1);

  private static final long MOST_NANOS = 1_000_000_000L;
  private static final int MOST_MESSAGE_CHARS = 1_000;

  /** Bytes for each byte of a line, beside what small lines take. */
  private static final int MOST_ALLOCATED_TIMES = 64;

  private static final int ALLOCATED_ANYWAY = 4 << 20;

  private static final Set<String> CODES =
      Set.of(
          "invalid_json_line",
          "missing_custom_id",
          "invalid_custom_id",
          "invalid_body",
          "invalid_method",
          "invalid_url",
          "unknown_parameter",
          "unsupported_parameter",
          "invalid_value",
          "invalid_messages");

  private static final String CHAT =
      """
      {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m",
       "messages": [{"role": "system", "content": "é"}, {"role": "user", "name": "x", "content":
         [{"type": "text", "text": "One\\ud83d\\ude00."}]}], "max_tokens": 7, "n": 1,
       "max_completion_tokens": 5, "temperature": 0.5, "top_p": 1,
       "chat_template_kwargs": {"enable_thinking": false, "x": [1, {"y": null}]},
       "min_tokens": 1, "no_repeat_ngram_size": 2, "suppress_tokens": [1, 2], "top_k": -1, "min_p": 0.1,
       "repetition_penalty": 1.1, "stop": ["END", "x"], "seed": 9, "stream": false, "tools": [],
       "logprobs": false, "top_logprobs": 0, "frequency_penalty": 0.0, "best_of": 1,
       "response_format": {"type": "text"}, "presence_penalty": null, "logit_bias": {}}}\
      """;

  private static final String COMPLETION =
      """
      {"custom_id": "b", "url": "/v1/completions", "body": {"prompt": ["Once"], "max_tokens": 3,
       "logprobs": 0, "echo": false, "suffix": "", "stop": "\\n", "seed": -1}}\
      """;

  private static final List<String> VALUES =
      List.of(
          "1e400",
          "-1e400",
          "1e-400",
          "1E+2147483647",
          "1e99999999999",
          "-0.0",
          "0",
          "-1",
          "NaN",
          "Infinity",
          "-Infinity",
          "9223372036854775808",
          "2147483648",
          "1.5",
          "1.0",
          "0x1",
          "01",
          "1e",
          "9".repeat(999),
          "9".repeat(5_000),
          "0." + "3".repeat(900),
          "null",
          "true",
          "\"\"",
          "\"\\ud83d\"",
          "\"\\udc00\\ud83d\"",
          "\"\\u0000\"",
          "\"\\x\"",
          "[]",
          "{}",
          "[[]]",
          "[1e400]",
          "{\"a\": 1e400}",
          "[".repeat(300) + "]".repeat(300),
          "[".repeat(100_000),
          "{\"a\":".repeat(400) + "1" + "}".repeat(400),
          "\"" + "x".repeat(100_000) + "\"",
          "\"a\", \"a\": 1",
          "[" + "1e5,".repeat(2_000) + "2]");

  private final Random random = new Random(SEED);
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void theSeedsAreRequests() {
    assertThat(List.of(CHAT, COMPLETION))
        .allSatisfy(line -> assertThat(parse(bytes(line)).refusal()).isNull());
  }

  /** Each number of a request, whatever it says, is that request's own. */
  @Test
  void everyValueInEveryPlace() {
    for (String line : List.of(CHAT, COMPLETION)) {
      for (int place = value(line, 0); place >= 0; place = value(line, place)) {
        for (String value : VALUES) {
          check(bytes(replaced(line, place, value)));
        }
      }
    }
  }

  @Test
  void spoiltLines() {
    for (int i = 0; i < INPUTS; i++) {
      byte[] line = bytes(random.nextBoolean() ? CHAT : COMPLETION);
      int changes = 1 + random.nextInt(4);
      for (int change = 0; change < changes; change++) {
        line = spoilt(line);
      }
      check(line);
    }
  }

  /** Classes that are loaded at the first line of a kind are no line's. */
  @BeforeAll
  static void warmUp() {
    for (String line : List.of(CHAT, COMPLETION, "[", "{\"a\":", "\"x", "1e400", "\u0001", "{}")) {
      parse(bytes(line));
    }
  }

  private void check(byte[] line) {
    long allocated = threads.getCurrentThreadAllocatedBytes();
    long start = threads.getCurrentThreadCpuTime();
    BatchRequest request = parse(line);
    long nanos = threads.getCurrentThreadCpuTime() - start;
    long bytes = threads.getCurrentThreadAllocatedBytes() - allocated;
    String shown = new String(line, 0, Math.min(line.length, 2_000), StandardCharsets.UTF_8);
    assertThat(nanos).as(shown).isLessThan(MOST_NANOS);
    assertThat(bytes)
        .as(shown)
        .isLessThan((long) MOST_ALLOCATED_TIMES * line.length + ALLOCATED_ANYWAY);
    if (request.refusal() == null) {
      checkAnswerable(request, shown);
    } else {
      assertThat(CODES).as(shown).contains(request.refusal().code());
      assertThat(request.refusal().message()).as(shown).hasSizeBetween(10, MOST_MESSAGE_CHARS);
    }
  }

  /** What is not refused can be asked: options in range, whole characters. */
  private static void checkAnswerable(BatchRequest request, String shown) {
    assertThat(request.sampling().applyTo(SamplingOptions.greedy(16))).as(shown).isNotNull();
    String text =
        request.prompt() != null
            ? request.prompt()
            : String.join("", request.messages().stream().map(m -> m.content()).toList());
    assertThat(new String(bytes(text), StandardCharsets.UTF_8)).as(shown).isEqualTo(text);
  }

  private byte[] spoilt(byte[] line) {
    return switch (random.nextInt(6)) {
      case 0 -> flipped(line);
      case 1 -> java.util.Arrays.copyOf(line, random.nextInt(line.length + 1));
      case 2 -> moved(line);
      default -> withValue(line);
    };
  }

  private byte[] flipped(byte[] line) {
    byte[] changed = line.clone();
    if (changed.length > 0) {
      changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
    }
    return changed;
  }

  /** A piece of the line is copied to another place. */
  private byte[] moved(byte[] line) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    int from = random.nextInt(text.length() + 1);
    int to = Math.min(text.length(), from + random.nextInt(40));
    int at = random.nextInt(text.length() + 1);
    return (text.substring(0, at) + text.substring(from, to) + text.substring(at))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private byte[] withValue(byte[] line) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    int place = value(text, random.nextInt(text.length() + 1));
    String value = VALUES.get(random.nextInt(VALUES.size()));
    return place < 0 ? line : replaced(text, place, value).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Where the next value begins, behind a colon; -1 if none does. */
  private static int value(String line, int from) {
    int colon = line.indexOf(": ", from);
    return colon < 0 ? -1 : colon + 2;
  }

  /** A line with another value up to the next comma or brace. */
  private static String replaced(String line, int place, String value) {
    int end = place;
    while (end < line.length() && ",}]".indexOf(line.charAt(end)) < 0) {
      end++;
    }
    return line.substring(0, place) + value + line.substring(end);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static BatchRequest parse(byte[] line) {
    return RequestLine.parse(line, line.length);
  }
}
