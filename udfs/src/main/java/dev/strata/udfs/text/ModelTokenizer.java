package dev.strata.udfs.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.strata.udfs.api.RowException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Hugging Face's tokenizers library behind int ids. Neither truncates nor pads, whatever
 * tokenizer.json asks for. Threads may share one.
 */
final class ModelTokenizer implements AutoCloseable {

  static {
    // Read when the library's native part is loaded: it would report its use to its makers, and
    // look for a build for the GPU at hand on the internet.
    setIfAbsent("OPT_OUT_TRACKING");
    setIfAbsent("DJL_OFFLINE");
  }

  private static final TokenizersLibrary LIB = TokenizersLibrary.LIB;

  private final HuggingFaceTokenizer library;
  private final TextLimits limits;

  private ModelTokenizer(HuggingFaceTokenizer library, TextLimits limits) {
    this.library = library;
    this.limits = limits;
  }

  /**
   * Gives a file to the library.
   *
   * @throws dev.strata.udfs.api.StrataException if it cannot be read, or the library cannot be
   *     trusted with it
   */
  static ModelTokenizer of(TokenizerJson json) {
    TextLimits limits = TokenizerCheck.limits(json);
    byte[] bytes = json.text().getBytes(StandardCharsets.UTF_8);
    try {
      return new ModelTokenizer(
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(bytes), Map.of("truncation", "false", "padding", "false")),
          limits);
    } catch (IOException | RuntimeException e) {
      throw TokenizerFiles.unreadable(json.origin(), TokenizerFiles.TOKENIZER, e);
    }
  }

  /** The most chars of a text. */
  int textLimit() {
    return limits.chars();
  }

  /**
   * What native code is given of a text.
   *
   * @throws RowException if it is so long that the library might end the JVM, or not come back
   */
  private String admitted(String text) {
    limits.require(text);
    return wellFormed(text);
  }

  /**
   * The tokens of a text.
   *
   * @throws RowException if it is too long for the library
   */
  int[] encode(String text, boolean addSpecialTokens) {
    try {
      long encoding = LIB.encode(library.getHandle(), admitted(text), addSpecialTokens);
      return ids(encoding)[0];
    } finally {
      Reference.reachabilityFence(library);
    }
  }

  /** As {@link #encode} on each text, on several cores. */
  List<int[]> encodeAll(List<String> texts, boolean addSpecialTokens) {
    if (texts.isEmpty()) {
      return List.of();
    }
    String[] admitted = texts.stream().map(this::admitted).toArray(String[]::new);
    try {
      return List.of(ids(LIB.batchEncode(library.getHandle(), admitted, addSpecialTokens)));
    } finally {
      Reference.reachabilityFence(library);
    }
  }

  /**
   * The ids of the library's encodings, which are freed. To take all that an encoding has, as the
   * library's own class does, costs as much as to make it.
   */
  private static int[][] ids(long... encodings) {
    try {
      return Arrays.stream(encodings)
          .mapToObj(LIB::getTokenIds)
          .map(ModelTokenizer::ints)
          .toArray(int[][]::new);
    } finally {
      Arrays.stream(encodings).forEach(LIB::deleteEncoding);
    }
  }

  /** Where each token of a text ends, in chars of the text; the library counts code points. */
  int[] tokenEnds(String text) {
    CharSpan[] spans = library.encode(admitted(text), false, false).getCharTokenSpans();
    int[] ends = new int[spans.length];
    int codePoints = 0;
    int chars = 0;
    for (int i = 0; i < spans.length; i++) {
      int end = spans[i] == null ? codePoints : Math.max(codePoints, spans[i].getEnd());
      chars = text.offsetByCodePoints(chars, end - codePoints);
      codePoints = end;
      ends[i] = chars;
    }
    return ends;
  }

  /** The text of the tokens in {@code [from, to)}, without special tokens. */
  String decode(int[] tokens, int from, int to) {
    long[] ids = new long[to - from];
    for (int i = from; i < to; i++) {
      ids[i - from] = tokens[i];
    }
    return library.decode(ids, true);
  }

  @Override
  public void close() {
    library.close();
  }

  private static int[] ints(long[] ids) {
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  /**
   * The text with U+FFFD in place of each surrogate that has no partner, as encoders of UTF-8 do;
   * left to itself the native library reads three of them.
   */
  static String wellFormed(String text) {
    int codePointAt;
    for (int i = 0; i < text.length(); i += Character.charCount(codePointAt)) {
      codePointAt = text.codePointAt(i);
      if (isSurrogate(codePointAt)) {
        return text.codePoints()
            .map(codePoint -> isSurrogate(codePoint) ? 0xFFFD : codePoint)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
      }
    }
    return text;
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  private static void setIfAbsent(String property) {
    if (System.getProperty(property) == null && System.getenv(property) == null) {
      System.setProperty(property, "true");
    }
  }
}
