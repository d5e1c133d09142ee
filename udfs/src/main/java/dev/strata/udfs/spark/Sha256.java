package dev.strata.udfs.spark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A digest of pieces, each with its length, so that they cannot run into each other. */
final class Sha256 {

  private final MessageDigest digest;

  Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  Sha256 add(byte[] piece) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, piece.length));
    digest.update(piece);
    return this;
  }

  Sha256 add(Object piece) {
    return add(String.valueOf(piece).getBytes(StandardCharsets.UTF_8));
  }

  /** The whole digest; to be called once. */
  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The digest's first digits; to be called once. */
  String hex(int digits) {
    return hex().substring(0, digits);
  }
}
