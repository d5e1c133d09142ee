package dev.strata.udfs.spark;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.SamplingOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** The id of a row that has none: what it asks, never where it is. */
final class ContentId {

  private ContentId() {}

  static String of(List<Message> conversation, SamplingOptions options) {
    MessageDigest digest = sha256();
    for (Message message : conversation) {
      add(digest, message.role());
      add(digest, message.content());
    }
    add(digest, options.toString());
    return HexFormat.of().formatHex(digest.digest());
  }

  /** With its length, so that texts cannot run into each other. */
  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
    digest.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
