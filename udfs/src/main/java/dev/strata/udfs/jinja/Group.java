package dev.strata.udfs.jinja;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** One group that the filter {@code groupby} makes: a pair whose parts also have names. */
final class Group extends Tuple {
  static final Set<String> NAMES = Set.of("grouper", "list");

  Group(Object grouper, List<Object> members) {
    super(Arrays.asList(grouper, members));
  }

  Object attribute(String name) {
    return get(name.equals("grouper") ? 0 : 1);
  }
}
