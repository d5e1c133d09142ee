package dev.strata.udfs.api;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 digest in the making. */
public final class Sha256 {

  private final MessageDigest digest;

  public Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Adds bytes as they are. */
  public Sha256 addBytes(byte[] bytes) {
    digest.update(bytes);
    return this;
  }

  /** Adds a piece with its length before it, so that pieces cannot run into each other. */
  public Sha256 add(byte[] piece) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, piece.length));
    return addBytes(piece);
  }

  /** Adds a piece as its text in UTF-8, with its length before it. */
  public Sha256 add(Object piece) {
    return add(String.valueOf(piece).getBytes(StandardCharsets.UTF_8));
  }

  /** The digest's 32 bytes; to be called once. */
  public byte[] bytes() {
    return digest.digest();
  }

  /** The whole digest; to be called once. */
  public String hex() {
    return HexFormat.of().formatHex(bytes());
  }

  /** The digest's first digits; to be called once. */
  public String hex(int digits) {
    return hex().substring(0, digits);
  }
}
