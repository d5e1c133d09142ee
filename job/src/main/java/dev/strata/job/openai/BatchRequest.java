package dev.strata.job.openai;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.SamplingOverrides;
import java.util.List;

/**
 * One line of a batch file. What it leaves open is null.
 *
 * @param customId its name, null if it has none
 * @param endpoint what it is for, null if it is refused
 * @param model what it calls the model
 * @param messages the conversation of a chat
 * @param prompt the text of a completion
 * @param sampling its own options
 * @param seed its own seed
 * @param templateArguments what the chat template is given besides, a JSON object
 * @param refusal why it is not asked, null if it is
 */
public record BatchRequest(
    String customId,
    Endpoint endpoint,
    String model,
    List<Message> messages,
    String prompt,
    SamplingOverrides sampling,
    Long seed,
    String templateArguments,
    Refusal refusal) {

  /** The same request, not to be asked. */
  public BatchRequest refused(Refusal why) {
    return new BatchRequest(
        customId, null, model, null, null, SamplingOverrides.NONE, null, null, why);
  }
}
