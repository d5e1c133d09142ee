package dev.strata.udfs.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * The character map of a {@code Precompiled} normalizer: a trie of bytes in a double array, and the
 * texts that its leaves point to. The tokenizers library follows both without looking.
 */
final class PrecompiledMap {

  private static final int UNIT_BYTES = Integer.BYTES;
  private static final int BYTES = 256;

  /** Fewer than as many bytes are looked up together, more of them a character at a time. */
  private static final int MOST_KEY_BYTES = 6;

  private final int[] units;
  private final byte[] texts;
  private final int[] lengths; // chars from each byte of the texts to the end of its text
  private int longest = 1;

  private PrecompiledMap(int[] units, byte[] texts) {
    this.units = units;
    this.texts = texts;
    this.lengths = lengths(texts);
  }

  private static int[] lengths(byte[] texts) {
    int[] lengths = new int[texts.length + 1];
    for (int i = texts.length - 1; i >= 0; i--) {
      lengths[i] = texts[i] == 0 ? 0 : chars(texts[i]) + lengths[i + 1];
    }
    return lengths;
  }

  /** The chars of the character that begins with a byte of UTF-8, none within one. */
  private static int chars(byte first) {
    boolean within = (first & 0xc0) == 0x80;
    boolean isPair = (first & 0xf8) == 0xf0;
    return within ? 0 : isPair ? 2 : 1;
  }

  /**
   * Reads a map, and checks that no text can lead out of it.
   *
   * @throws IllegalArgumentException if one can, or this is no map
   */
  static PrecompiledMap of(String base64) {
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
    long trieBytes = bytes.remaining() < UNIT_BYTES ? -1 : bytes.getInt() & 0xffff_ffffL;
    if (trieBytes < UNIT_BYTES || trieBytes > bytes.remaining()) {
      throw new IllegalArgumentException("its trie is cut off");
    }
    int[] units = new int[(int) (trieBytes / UNIT_BYTES)];
    bytes.asIntBuffer().get(units);
    byte[] texts = new byte[bytes.remaining() - units.length * UNIT_BYTES];
    bytes.position(bytes.position() + units.length * UNIT_BYTES).get(texts);
    requireUtf8(texts);
    PrecompiledMap map = new PrecompiledMap(units, texts);
    map.checkAll();
    return map;
  }

  private static void requireUtf8(byte[] texts) {
    try {
      CharBuffer unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("its texts are not UTF-8", e);
    }
  }

  private void checkAll() {
    BitSet seen = new BitSet(units.length);
    Deque<Integer> open = new ArrayDeque<>();
    enter(offset(units[0]), seen, open);
    while (!open.isEmpty()) {
      int node = open.pop();
      for (int label = 1; label < BYTES; label++) {
        int unit = units[require(node ^ label)];
        if (label(unit) == label) {
          int child = (node ^ label) ^ offset(unit);
          if (hasLeaf(unit)) {
            checkText(units[require(child)] & Integer.MAX_VALUE);
          }
          enter(child, seen, open);
        }
      }
    }
  }

  private void enter(int node, BitSet seen, Deque<Integer> open) {
    if (!seen.get(require(node))) {
      seen.set(node);
      open.push(node);
    }
  }

  private int require(int node) {
    if (node < 0 || node >= units.length) {
      throw new IllegalArgumentException("its trie leads out of itself");
    }
    return node;
  }

  private void checkText(int start) {
    boolean inCharacter = start < texts.length && (texts[start] & 0xc0) == 0x80;
    if (start > texts.length || inCharacter) {
      throw new IllegalArgumentException("its trie leads out of its texts");
    }
    longest = Math.max(longest, lengths[start]);
  }

  /** The most chars that it makes of one. */
  int mostGrowth() {
    return longest;
  }

  /** The most chars that the library may make of a text, whatever it looks up together. */
  long mostLength(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    long length = 0;
    for (int start = 0; start < bytes.length; start++) {
      int own = chars(bytes[start]);
      length += own == 0 ? 0 : Math.max(own, longestFrom(bytes, start));
    }
    return length;
  }

  private int longestFrom(byte[] bytes, int start) {
    int most = 0;
    int node = offset(units[0]);
    for (int i = start; i < Math.min(bytes.length, start + MOST_KEY_BYTES); i++) {
      int label = bytes[i] & 0xff;
      int unit = units[node ^ label];
      if (label == 0 || label(unit) != label) {
        break;
      }
      node ^= label ^ offset(unit);
      if (hasLeaf(unit)) {
        most = Math.max(most, lengths[units[node] & Integer.MAX_VALUE]);
      }
    }
    return most;
  }

  private static boolean hasLeaf(int unit) {
    return (unit >> 8 & 1) == 1;
  }

  private static int label(int unit) {
    return unit & (1 << 31 | 0xff);
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >> 6);
  }
}
