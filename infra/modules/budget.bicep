metadata description = 'What the resource group may cost in a month, and who is told when it will be more.'

@description('Required. Name of the budget.')
param name string

@description('Required. Amount a month, in the currency of the bill.')
@minValue(1)
param amount int

@description('Required. First day of the month in which it begins, as yyyy-MM-01; Azure does not let it change later.')
@minLength(10)
@maxLength(10)
param startDate string

@description('Required. Action group that is told.')
param actionGroupId string

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: name
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: '${startDate}T00:00:00Z'
    }
    notifications: {
      nearly: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: []
        contactGroups: [actionGroupId]
      }
      willBeMore: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 110
        thresholdType: 'Forecasted'
        contactEmails: []
        contactGroups: [actionGroupId]
      }
    }
  }
}
