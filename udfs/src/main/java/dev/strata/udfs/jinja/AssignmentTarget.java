package dev.strata.udfs.jinja;

import java.util.Iterator;
import java.util.List;

/** What a loop, {@code set} or {@code with} assigns to. */
sealed interface AssignmentTarget {

  void assign(Scope scope, Object value);

  record Variable(String name) implements AssignmentTarget {
    @Override
    public void assign(Scope scope, Object value) {
      scope.set(name, value);
    }
  }

  record NamespaceAttribute(String name, String attribute) implements AssignmentTarget {
    @Override
    public void assign(Scope scope, Object value) {
      if (!(scope.get(name) instanceof Namespace namespace)) {
        throw new TemplateException("cannot assign attribute on non-namespace object");
      }
      namespace.set(attribute, value);
    }
  }

  record Unpacked(List<AssignmentTarget> targets) implements AssignmentTarget {
    @Override
    public void assign(Scope scope, Object value) {
      Iterator<Object> values = scope.environment().iterate(value);
      for (AssignmentTarget target : targets) {
        if (!values.hasNext()) {
          throw new TemplateException(
              "not enough values to unpack (expected " + targets.size() + ")");
        }
        target.assign(scope, values.next());
      }
      if (values.hasNext()) {
        throw new TemplateException("too many values to unpack (expected " + targets.size() + ")");
      }
    }
  }
}
