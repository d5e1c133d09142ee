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

  private final int[] units;
  private final byte[] texts;

  private PrecompiledMap(int[] units, byte[] texts) {
    this.units = units;
    this.texts = texts;
  }

  /**
   * Checks that no text can lead out of the map.
   *
   * @throws IllegalArgumentException if one can, or this is no map
   */
  static void check(String base64) {
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
    new PrecompiledMap(units, texts).checkAll();
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
