package dev.strata.udfs.jinja;

import dev.strata.udfs.jinja.Expression.FilterCall;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** A piece of a template's body, which writes output and may assign variables. */
sealed interface Statement {

  /** How a statement ended, which the loops around it need to know. */
  enum Outcome {
    COMPLETED,
    BREAK,
    CONTINUE
  }

  Outcome execute(Scope scope, StringBuilder output);

  static Outcome executeAll(List<Statement> body, Scope scope, StringBuilder output) {
    for (Statement statement : body) {
      Outcome outcome = statement.execute(scope, output);
      if (outcome != Outcome.COMPLETED) {
        return outcome;
      }
    }
    return Outcome.COMPLETED;
  }

  record Text(String text, int line) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      scope.budget().write(text, output);
      return Outcome.COMPLETED;
    }
  }

  record Print(Expression expression, int line) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      Object value = expression.evaluate(scope);
      scope.budget().write(scope.environment().text(value), output);
      return Outcome.COMPLETED;
    }
  }

  /** A condition with its body; an {@code else} has the condition true. */
  record Branch(Expression test, List<Statement> body) {}

  record If(List<Branch> branches, int line) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      for (Branch branch : branches) {
        if (Values.isTrue(branch.test.evaluate(scope))) {
          return executeAll(branch.body, scope, output);
        }
      }
      return Outcome.COMPLETED;
    }
  }

  /**
   * A loop.
   *
   * @param filter the condition after {@code if}, or null
   */
  record For(
      AssignmentTarget target,
      Expression iterable,
      Expression filter,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise,
      int line)
      implements Statement {

    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      run(scope, output, iterable.evaluate(scope), 0);
      return Outcome.COMPLETED;
    }

    private void run(Scope scope, StringBuilder output, Object values, int depth) {
      LoopContext loop =
          new LoopContext(
              scope.environment(), select(scope, values), filter == null ? values : null, depth);
      if (recursive) {
        loop.onCall(inner -> runNested(scope, inner, depth + 1));
      }
      boolean completedOnce = false;
      while (loop.advance()) {
        scope.budget().step(line);
        Scope iteration = scope.child();
        iteration.set("loop", loop);
        target.assign(iteration, loop.current());
        Outcome outcome = executeAll(body, iteration, output);
        if (outcome == Outcome.BREAK) {
          break;
        }
        // As in jinja2, an iteration left by "continue" does not keep "else" from running.
        completedOnce |= outcome == Outcome.COMPLETED;
      }
      if (!completedOnce) {
        executeAll(otherwise, scope.child(), output);
      }
    }

    private String runNested(Scope scope, Object values, int depth) {
      StringBuilder output = new StringBuilder();
      scope.budget().enter();
      run(scope, output, values, depth);
      scope.budget().leave();
      return output.toString();
    }

    private Iterator<Object> select(Scope scope, Object values) {
      Iterator<Object> all = scope.environment().iterate(values);
      return filter == null ? all : Generator.filter(all, value -> passes(scope, value));
    }

    private boolean passes(Scope scope, Object value) {
      scope.budget().step(line);
      Scope trial = scope.child();
      target.assign(trial, value);
      return Values.isTrue(filter.evaluate(trial));
    }
  }

  record LoopControl(Outcome outcome) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      return outcome;
    }
  }

  record Assign(AssignmentTarget target, Expression value, int line) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      target.assign(scope, value.evaluate(scope));
      return Outcome.COMPLETED;
    }
  }

  record AssignBlock(
      AssignmentTarget target, List<FilterCall> filters, List<Statement> body, int line)
      implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      StringBuilder captured = new StringBuilder();
      Outcome outcome = executeAll(body, scope.child(), captured);
      target.assign(scope, applyAll(filters, scope, captured.toString()));
      return outcome;
    }
  }

  record FilterBlock(List<FilterCall> filters, List<Statement> body, int line)
      implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      StringBuilder captured = new StringBuilder();
      Outcome outcome = executeAll(body, scope.child(), captured);
      Object filtered = applyAll(filters, scope, captured.toString());
      scope.budget().write(scope.environment().text(filtered), output);
      return outcome;
    }
  }

  /** A variable of a {@code with} block. */
  record Binding(AssignmentTarget target, Expression value) {}

  record With(List<Binding> bindings, List<Statement> body) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      Scope inner = scope.child();
      List<Object> values = new ArrayList<>();
      for (Binding binding : bindings) {
        values.add(binding.value.evaluate(scope));
      }
      for (int i = 0; i < bindings.size(); i++) {
        bindings.get(i).target.assign(inner, values.get(i));
      }
      return executeAll(body, inner, output);
    }
  }

  /** A block of template inheritance; without other templates it only makes a scope. */
  record Block(boolean scoped, List<Statement> body) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      Scope outer = scoped ? scope : scope.topLevel();
      return executeAll(body, outer.child(), output);
    }
  }

  record MacroDefinition(Macro.Signature signature, List<Statement> body, int line)
      implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      scope.set(signature.name(), new Macro(signature, body, scope));
      return Outcome.COMPLETED;
    }
  }

  record CallBlock(Expression.Call call, Macro.Signature caller, List<Statement> body, int line)
      implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      scope.budget().step(line);
      Object result = call.evaluateWithCaller(scope, new Macro(caller, body, scope));
      scope.budget().write(scope.environment().text(result), output);
      return Outcome.COMPLETED;
    }
  }

  /** Marks what the assistant said, for training; rendered as it stands, in a scope of its own. */
  record Generation(List<Statement> body) implements Statement {
    @Override
    public Outcome execute(Scope scope, StringBuilder output) {
      return executeAll(body, scope.child(), output);
    }
  }

  private static Object applyAll(List<FilterCall> filters, Scope scope, Object value) {
    Object result = value;
    for (FilterCall filter : filters) {
      result = filter.apply(scope, result);
    }
    return result;
  }
}
