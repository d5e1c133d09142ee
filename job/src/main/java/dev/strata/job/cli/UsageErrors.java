package dev.strata.job.cli;

import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.StrataException;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Puts what is wrong with a command line into one sentence. */
final class UsageErrors {

  private UsageErrors() {}

  static StrataException of(ParameterException e) {
    CommandSpec command = e.getCommandLine().getCommandSpec();
    if (e instanceof UnmatchedArgumentException unmatched) {
      return unmatched(unmatched.getUnmatched().get(0), command);
    }
    if (e.getArgSpec() == null && e.getValue() != null) { // of strata help
      return unknown("command", e.getValue(), CommandTree.commands(), command);
    }
    String first = e.getMessage().lines().findFirst().orElse("wrong usage");
    return StrataException.usage("%s; see %s --help", first, command.qualifiedName());
  }

  private static StrataException unmatched(String word, CommandSpec command) {
    boolean isRoot = command.parent() == null;
    if (isRoot && !word.startsWith("-")) {
      return unknown("command", word, CommandTree.commands(), command);
    }
    String name = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
    return unknown(
        name.startsWith("-") ? "option" : "argument",
        name,
        List.copyOf(command.optionsMap().keySet()),
        command);
  }

  private static StrataException unknown(
      String what, String word, List<String> known, CommandSpec command) {
    String hint = Nearest.hint(word, known);
    return StrataException.usage(
        "unknown %s '%s'%s",
        what, word, hint.isEmpty() ? "; see " + command.qualifiedName() + " --help" : hint);
  }
}
