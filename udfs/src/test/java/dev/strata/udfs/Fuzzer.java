package dev.strata.udfs;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Feeds a reader what strangers' files may hold: good texts with some of their tokens replaced,
 * doubled, swapped or gone, and texts that are cut or changed anywhere. A reader reads it, or says
 * in one sentence what is wrong; it does so at once, and with memory in proportion to the text.
 *
 * <p>Tests run some hundred inputs. For 200,000 each, with the worst of them told, and from another
 * seed if one likes: {@code ./mvnw -pl udfs test -Dtest='*FuzzTest' -Dstrata.fuzz.inputs=200000
 * -Dstrata.fuzz.seed=7}.
 */
public final class Fuzzer {

  /** Reads a text that nobody has checked. */
  public interface Reader {
    void read(String text) throws Exception;
  }

  private static final String INPUTS_PROPERTY = "strata.fuzz.inputs";
  private static final int INPUTS = Integer.getInteger(INPUTS_PROPERTY, 300);
  private static final long SEED = Long.getLong("strata.fuzz.seed", 12);
  private static final long SLOWEST_NANOS = Duration.ofSeconds(1).toNanos();

  /** A parsed text is some dozens of times larger, where it is all braces. */
  private static final long BYTES_PER_CHAR = 200;

  private static final long BYTES_OF_ANY = 1 << 20;

  private static final int LONGEST_SENTENCE = 1_000;

  private static final Pattern TOKEN =
      Pattern.compile("\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|[-+.\\w]+|\\s+|.", Pattern.DOTALL);

  private static final List<String> NASTY =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1",
          "2",
          "3.5",
          "1e400",
          "-1e-400",
          "1e999999999",
          "1E+2147483648",
          "-0",
          "NaN",
          "Infinity",
          "500000000",
          "2147483647",
          "2147483648",
          "4294967296",
          "9223372036854775807",
          "9223372036854775808",
          "9".repeat(400),
          "1" + "0".repeat(20_000),
          "\"\"",
          "\".\"",
          "\"..\"",
          "\"/etc/passwd\"",
          "\"a:b\"",
          "\"\\u0000\"",
          "\"\\ud83d\"",
          "\"\ud83d\"",
          "\"\\u202e\"",
          "\"" + "x".repeat(5_000) + "\"",
          "[]",
          "{}",
          "[[1]]",
          "[1, -1, 1e99]",
          "{\"a\": 1}",
          "[".repeat(300) + "]".repeat(300),
          "[".repeat(5_000),
          "{\"a\":".repeat(5_000),
          "\"F32\"",
          "\"BF16\"",
          "\"F4\"",
          "\"\\n\"",
          ",",
          "{",
          "}");

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final Random random = new Random(SEED);
  private final Reader reader;
  private final long bytesOfAny;
  private long refused;
  private long slowestNanos;
  private double mostBytes;

  private Fuzzer(Reader reader, long bytesOfAny) {
    this.reader = reader;
    this.bytesOfAny = bytesOfAny;
  }

  /** Reads good texts, and others that are made of them. */
  public static void run(List<String> seeds, Reader reader) {
    run(seeds, reader, BYTES_OF_ANY);
  }

  /**
   * As {@link #run(List, Reader)}.
   *
   * @param bytesOfAny what the smallest text may take
   */
  public static void run(List<String> seeds, Reader reader, long bytesOfAny) {
    Fuzzer fuzzer = new Fuzzer(reader, bytesOfAny);
    fuzzer.run(seeds, () -> fuzzer.changed(seeds));
  }

  /** Reads good texts, and others that somebody else makes. */
  public static void run(
      List<String> seeds, Supplier<String> texts, Reader reader, long bytesOfAny) {
    new Fuzzer(reader, bytesOfAny).run(seeds, texts);
  }

  private void run(List<String> seeds, Supplier<String> texts) {
    for (String good : seeds) {
      // Classes load, and are not counted. What is refused as it is would tell nothing of a reader.
      assertThat(told(good)).as("what is said of a good text, %s", good).isEmpty();
      check(good);
    }
    refused = 0;
    for (int i = 0; i < INPUTS; i++) {
      check(texts.get());
    }
    if (System.getProperty(INPUTS_PROPERTY) != null) {
      System.out.printf(
          "%s: %,d inputs, %,d of them refused; at worst %.0f ms, and %.2f of the bytes allowed%n",
          caller(), INPUTS, refused, slowestNanos / 1e6, mostBytes);
    }
  }

  private static String caller() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> !frame.getClassName().startsWith(Fuzzer.class.getName()))
                    .findFirst()
                    .map(frame -> frame.getClassName() + "." + frame.getMethodName())
                    .orElseThrow());
  }

  private String changed(List<String> seeds) {
    String text = seeds.get(random.nextInt(seeds.size()));
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      text = random.nextInt(8) == 0 ? changedAnywhere(text) : changedTokens(text);
    }
    return text;
  }

  private String changedAnywhere(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int at = random.nextInt(text.length());
    int end = at + random.nextInt(text.length() - at);
    return switch (random.nextInt(4)) {
      case 0 -> text.substring(0, at);
      case 1 -> text.substring(0, at) + (char) random.nextInt(0x10000) + text.substring(at);
      case 2 -> text.substring(0, at) + text.substring(end);
      default -> text.substring(0, end) + text.substring(at);
    };
  }

  private String changedTokens(String text) {
    List<String> tokens = new ArrayList<>();
    Matcher token = TOKEN.matcher(text);
    while (token.find()) {
      tokens.add(token.group());
    }
    if (tokens.isEmpty()) {
      return text;
    }
    int at = random.nextInt(tokens.size());
    switch (random.nextInt(6)) {
      case 0 -> tokens.remove(at);
      case 1 -> tokens.add(at, tokens.get(random.nextInt(tokens.size())));
      case 2 -> tokens.set(at, tokens.get(random.nextInt(tokens.size())));
      default -> tokens.set(at, NASTY.get(random.nextInt(NASTY.size())));
    }
    return String.join("", tokens);
  }

  private void check(String text) {
    long bytes = threads.getCurrentThreadAllocatedBytes();
    long start = threads.getCurrentThreadCpuTime();
    String told = told(text);
    long nanos = threads.getCurrentThreadCpuTime() - start;
    bytes = threads.getCurrentThreadAllocatedBytes() - bytes;
    long allowed = bytesOfAny + BYTES_PER_CHAR * text.length();
    refused += told.isEmpty() ? 0 : 1;
    slowestNanos = Math.max(slowestNanos, nanos);
    mostBytes = Math.max(mostBytes, (double) bytes / allowed);
    assertThat(nanos).as("nanoseconds for %s", text).isLessThan(SLOWEST_NANOS);
    assertThat(bytes).as("bytes allocated for %s", text).isLessThan(allowed);
    assertThat(told).as("what is said of %s", text).hasSizeLessThan(LONGEST_SENTENCE);
    assertThat(told.lines()).as("what is said of %s", text).hasSizeLessThan(2);
  }

  /** The sentence of a text that is refused, empty for one that is not. */
  private String told(String text) {
    try {
      reader.read(text);
      return "";
    } catch (StrataException | RowException e) {
      return e.getMessage();
    } catch (Exception | Error e) {
      throw new AssertionError("not one sentence for " + text, e);
    }
  }
}
