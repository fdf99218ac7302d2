"""What was said of expenses; said and taken back on its own page."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from portfolio.models import ExpenseFlag


@admin.register(ExpenseFlag)
class ExpenseFlagAdmin(ReadOnlyAdmin):
    list_display = ["kind", "entry", "note", "by", "at"]
    list_filter = ["kind", "entry__entity"]
    list_select_related = ["entry", "by"]
    search_fields = ["note", "entry__memo"]
