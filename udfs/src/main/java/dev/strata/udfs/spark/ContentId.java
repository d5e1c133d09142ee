package dev.strata.udfs.spark;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.Sha256;
import java.util.List;

/** The id of a row that has none: what it asks, never where it is. */
final class ContentId {

  private ContentId() {}

  static String of(List<Message> conversation, SamplingOptions options) {
    Sha256 digest = new Sha256();
    for (Message message : conversation) {
      digest.add(message.role()).add(message.content());
    }
    return digest.add(options).hex();
  }
}
