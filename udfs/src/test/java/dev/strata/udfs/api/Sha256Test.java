package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class Sha256Test {

  /** The vectors of FIPS 180-2 for "abc" and for no message. */
  @Test
  void bytesAreDigestedAsTheyAre() {
    assertThat(new Sha256().addBytes(bytes("a")).addBytes(bytes("bc")).hex())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(HexFormat.of().formatHex(new Sha256().bytes()))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void piecesDoNotRunIntoEachOther() {
    String digest = new Sha256().add("ab").add("c").hex();
    assertThat(digest).isNotEqualTo(new Sha256().add("a").add("bc").hex());
    assertThat(digest)
        .isEqualTo(new Sha256().addBytes(new byte[] {0, 0, 0, 2, 'a', 'b', 0, 0, 0, 1, 'c'}).hex());
    assertThat(new Sha256().add("ab").add("c").hex(8)).isEqualTo(digest.substring(0, 8));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
